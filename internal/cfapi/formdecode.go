package cfapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"sync"
)

// Limits bounds what [DecodeForm] accepts.
type Limits struct {
	Parts    int   // number of parts, the metadata included
	PartSize int64 // bytes in one part
	Total    int64 // bytes in the whole body
}

// DefaultLimits is above what Cloudflare accepts, since source maps travel in
// the form too.
var DefaultLimits = Limits{Parts: 4096, PartSize: 64 << 20, Total: 256 << 20}

// maxMetadata bounds the metadata part: as parsed JSON it takes many times its
// size.
const maxMetadata = 8 << 20

// FormError says what is wrong with an upload form. Code is one of the Code
// constants; Message is meant for the client.
type FormError struct {
	Code    int
	Message string
}

func (e *FormError) Error() string { return e.Message }

func malformed(format string, args ...any) *FormError {
	return &FormError{Code: CodeMalformedBody, Message: fmt.Sprintf(format, args...)}
}

func tooLarge(format string, args ...any) *FormError {
	return &FormError{Code: CodeTooLarge, Message: fmt.Sprintf(format, args...)}
}

// DecodeForm reads the upload form in a request. The parts may come in any
// order, and the metadata with or without a file name and a content type. In
// the form it returns all names differ, and the part that the metadata calls
// the main one exists. A bad form is a [*FormError]; any other error means that
// the body could not be read.
func DecodeForm(r *http.Request, limits Limits) (Form, error) {
	boundary, err := boundaryOf(r)
	if err != nil {
		return Form{}, err
	}
	if r.ContentLength > limits.Total {
		return Form{}, tooLarge("the upload is larger than %d bytes", limits.Total)
	}
	d := &formDecoder{
		limits: limits,
		body:   &boundedReader{r: r.Body, left: limits.Total},
		seen:   map[string]bool{},
	}
	// multipart takes an end inside a part's header for the end of the form,
	// and would drop that part silently. So it gets to see no end but that of
	// the last boundary, which may lack its line break.
	d.parts = multipart.NewReader(io.MultiReader(d.body, strings.NewReader("\r\n"), truncated{}), boundary)
	if err := d.readParts(); err != nil {
		return Form{}, err
	}
	return d.finish()
}

func boundaryOf(r *http.Request) (string, error) {
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/form-data" || params["boundary"] == "" {
		return "", malformed("the body must be multipart/form-data with a boundary")
	}
	return params["boundary"], nil
}

type formDecoder struct {
	limits   Limits
	body     *boundedReader
	parts    *multipart.Reader
	seen     map[string]bool
	metadata []byte
	form     Form
}

func (d *formDecoder) readParts() error {
	for {
		// The raw form: NextPart would silently decode quoted-printable.
		part, err := d.parts.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return d.explain(err, "read the next part")
		}
		if len(d.seen) == d.limits.Parts {
			return tooLarge("the form has more than %d parts", d.limits.Parts)
		}
		if err := d.readPart(part); err != nil {
			return err
		}
	}
}

func (d *formDecoder) readPart(raw *multipart.Part) error {
	part, err := describePart(raw)
	if err != nil {
		return err
	}
	if d.seen[part.Name] {
		return malformed("the form has two parts named %q", part.Name)
	}
	d.seen[part.Name] = true
	limit := d.limits.PartSize
	if part.Name == metadataPart {
		limit = min(limit, maxMetadata)
	}
	part.Content, err = io.ReadAll(io.LimitReader(raw, limit+1))
	if err != nil {
		return d.explain(err, fmt.Sprintf("read part %q", part.Name))
	}
	if int64(len(part.Content)) > limit {
		return tooLarge("part %q is larger than %d bytes", part.Name, limit)
	}
	if part.Name == metadataPart {
		d.metadata = part.Content
	} else {
		d.form.Parts = append(d.form.Parts, part)
	}
	return nil
}

// listed are the names of parts that are an element of a list of files, as
// Cloudflare's SDKs send them. The modules are then called as their files.
var listed = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^files(\.\d+|\[\d*\])?$`) })

// sameTypes are other names of content types.
var sameTypes = map[string]string{"text/javascript+module": TypeESModule, "text/javascript": TypeJavaScript}

// describePart reads the header of a part. It parses the disposition itself,
// because multipart's FileName cuts off everything before the last slash.
func describePart(raw *multipart.Part) (Part, error) {
	disposition, params, err := mime.ParseMediaType(raw.Header.Get("Content-Disposition"))
	if err != nil || disposition != "form-data" {
		return Part{}, malformed("a part of the form has no Content-Disposition of type form-data")
	}
	part := Part{Name: unescapeName(params["name"]), Filename: unescapeName(params["filename"])}
	if part.Filename != "" && listed().MatchString(part.Name) {
		part.Name = part.Filename
	}
	if reason := checkName(part.Name); reason != "" {
		return Part{}, malformed("the name of a part %s", reason)
	}
	if contentType := raw.Header.Get("Content-Type"); contentType != "" {
		part.ContentType, _, err = mime.ParseMediaType(contentType)
		if err != nil {
			return Part{}, malformed("part %q has a malformed content type", part.Name)
		}
		if same, ok := sameTypes[part.ContentType]; ok {
			part.ContentType = same
		}
	}
	return part, nil
}

// finish decodes the metadata, now that all the parts are known.
func (d *formDecoder) finish() (Form, error) {
	if !d.seen[metadataPart] {
		return Form{}, malformed("the form has no part named %q", metadataPart)
	}
	// Unmarshal takes null for any struct; a script without metadata is none.
	if text := strings.TrimSpace(string(d.metadata)); !strings.HasPrefix(text, "{") {
		return Form{}, malformed("the metadata is not a JSON object")
	}
	if err := json.Unmarshal(d.metadata, &d.form.Metadata); err != nil {
		return Form{}, malformed("the metadata is malformed: %s", describeJSON(err))
	}
	metadata := &d.form.Metadata
	if metadata.MainModule != "" && metadata.BodyPart != "" {
		return Form{}, malformed("the metadata has both main_module and body_part")
	}
	for _, main := range []string{metadata.MainModule, metadata.BodyPart} {
		if main == "" {
			continue
		}
		if _, ok := d.form.Part(main); !ok {
			return Form{}, malformed("the metadata names the main part %q, which the form does not have", main)
		}
	}
	return d.form, nil
}

// describeJSON words an error without Go's type names, and without values,
// which may be secrets.
func describeJSON(err error) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("%v at byte %d", syntax, syntax.Offset)
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("field %q has the wrong type", kind.Field)
	}
	return err.Error()
}

// explain tells a body that could not be read from one that is malformed.
func (d *formDecoder) explain(err error, doing string) error {
	switch {
	case d.body.exceeded:
		return tooLarge("the upload is larger than %d bytes", d.limits.Total)
	case d.body.failure != nil:
		return fmt.Errorf("%s: %w", doing, d.body.failure)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return malformed("the form ends before its last boundary")
	}
	return malformed("the form is malformed: cannot %s", doing)
}

// truncated is what comes behind the end of a body.
type truncated struct{}

func (truncated) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

var errExceeded = errors.New("limit exceeded")

// boundedReader counts the bytes of a body and remembers why it ended, which
// cannot be seen any more in multipart's errors.
type boundedReader struct {
	r        io.Reader
	left     int64
	exceeded bool
	failure  error // of the network, not of the form
}

func (b *boundedReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		b.exceeded = true
		return 0, errExceeded
	}
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		b.failure = err
	}
	return n, err
}
