package cfapi

import (
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"strings"
)

// metadataPart is the name of the form part that holds the metadata.
const metadataPart = "metadata"

// Content types of module parts.
const (
	TypeESModule   = "application/javascript+module"
	TypeJavaScript = "application/javascript" // service-worker script, or CommonJS
	TypeText       = "text/plain"
	TypeData       = "application/octet-stream"
	TypeWasm       = "application/wasm"
	TypeSourceMap  = "application/source-map" // no module: only maps stacks
)

// Form is an upload: metadata, and the parts that it refers to.
type Form struct {
	Metadata Metadata
	Parts    []Part
}

// Part is one module or source map. Names are module specifiers, not file
// names: they may begin with "./" or hold slashes, and must not be used as
// paths.
type Part struct {
	Name        string
	Filename    string // as sent; of no consequence
	ContentType string // media type in lower case, without parameters
	Content     []byte
}

// Part returns the part with the name.
func (f *Form) Part(name string) (Part, bool) {
	for _, part := range f.Parts {
		if part.Name == name {
			return part, true
		}
	}
	return Part{}, false
}

// EncodeForm writes a form as Wrangler does: the metadata first, without file
// name and content type, then the parts in their order. It returns the content
// type of the whole, which holds the boundary.
func EncodeForm(w io.Writer, form Form) (contentType string, err error) {
	metadata, err := json.Marshal(form.Metadata)
	if err != nil {
		return "", fmt.Errorf("encode metadata: %w", err)
	}
	mw := multipart.NewWriter(w)
	if err := WritePart(mw, Part{Name: metadataPart, Content: metadata}); err != nil {
		return "", err
	}
	for _, part := range form.Parts {
		if part.Filename == "" {
			part.Filename = part.Name // a part without one would be read as a text field
		}
		if err := WritePart(mw, part); err != nil {
			return "", err
		}
	}
	if err := mw.Close(); err != nil {
		return "", fmt.Errorf("end form: %w", err)
	}
	return mw.FormDataContentType(), nil
}

// WritePart writes a part as Wrangler does. The error names the part.
func WritePart(mw *multipart.Writer, part Part) error {
	if reason := checkName(part.Name); reason != "" {
		return fmt.Errorf("write part %q: its name %s", part.Name, reason)
	}
	disposition := `form-data; name="` + escapeName(part.Name) + `"`
	if part.Filename != "" {
		disposition += `; filename="` + escapeName(part.Filename) + `"`
	}
	header := textproto.MIMEHeader{"Content-Disposition": {disposition}}
	if part.ContentType != "" {
		header.Set("Content-Type", part.ContentType)
	}
	w, err := mw.CreatePart(header)
	if err == nil {
		_, err = w.Write(part.Content)
	}
	if err != nil {
		return fmt.Errorf("write part %q: %w", part.Name, err)
	}
	return nil
}

// escapeName quotes a name as browsers and Node's fetch do; control characters
// would break out of the header.
func escapeName(name string) string {
	return strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A", `\`, `\\`).Replace(name)
}

// unescapeName undoes escapeName; backslashes were undone with the quotes.
func unescapeName(name string) string { return strings.ReplaceAll(name, "%22", `"`) }

// checkName says what is wrong with the name of a part, or "".
func checkName(name string) string {
	const longest = 1024
	switch {
	case name == "":
		return "is empty"
	case len(name) > longest:
		return fmt.Sprintf("is longer than %d bytes", longest)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }):
		return "holds control characters or is not UTF-8"
	}
	return ""
}
