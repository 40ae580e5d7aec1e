package cfapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

const boundary = "----formdata-undici-017402"

// formPart is one part of a form as it stands on the wire.
func formPart(header, content string) string {
	return "--" + boundary + "\r\n" + header + "\r\n\r\n" + content + "\r\n"
}

// named is the header of a module part.
func named(name string) string {
	return fmt.Sprintf("Content-Disposition: form-data; name=%q; filename=%q\r\nContent-Type: application/javascript+module", name, name)
}

const (
	formEnd      = "--" + boundary + "--\r\n"
	metadataHead = `Content-Disposition: form-data; name="metadata"`
	metadataJSON = `{"main_module":"index.js","bindings":[]}`
)

func upload(body io.Reader) *http.Request {
	r := httptest.NewRequest(http.MethodPut, "/", body)
	r.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	return r
}

func TestEncodeFormRoundTrip(t *testing.T) {
	logpush := false
	delay := 300.0
	want := Form{
		Metadata: Metadata{
			MainModule: "index.js",
			Bindings: []Binding{
				{Name: "COUNTER", Type: BindingDurableObject, ClassName: "Counter"},
				{Name: "GREETING", Type: BindingPlainText, Text: "hé\"llo\n"},
			},
			CompatibilityDate:  "2024-09-01",
			CompatibilityFlags: []string{"nodejs_compat"},
			Migrations:         &Migrations{NewTag: "v1", Steps: []byte(`[{"new_classes":["Counter"]}]`)},
			KeepBindings:       []string{"secret_text"},
			Annotations:        map[string]string{AnnotationMessage: "first"},
			CodeUpdateStrategy: &CodeUpdateStrategy{Mode: "deferred", MaxDelay: &delay},
			Observability:      &Observability{Enabled: true},
			Logpush:            &logpush,
		},
		Parts: []Part{
			{Name: "index.js", Filename: "index.js", ContentType: TypeESModule, Content: []byte("export default {}\r\n")},
			{Name: "./0a1b-page.html", Filename: "./0a1b-page.html", ContentType: TypeText, Content: []byte("--" + boundary + "\r\n")},
			{Name: `lib/a "quoted" näme\x.js`, Filename: "other", ContentType: TypeESModule, Content: nil},
			{Name: "data", Filename: "data", ContentType: TypeData, Content: []byte{0, 1, 2, 0xFF, '\r', '\n'}},
		},
	}
	var body bytes.Buffer
	contentType, err := EncodeForm(&body, want)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPut, "/", &body)
	r.Header.Set("Content-Type", contentType)
	got, err := DecodeForm(r, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	want.Parts[2].Content = []byte{} // an empty part is not distinguished from none
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("form changed on its way (-sent +received):\n%s", diff)
	}
}

// The metadata of an encoded form has neither file name nor content type, as
// Wrangler's; modules have both, even if the caller gave no file name.
func TestEncodeFormHeaders(t *testing.T) {
	var body bytes.Buffer
	if _, err := EncodeForm(&body, Form{Parts: []Part{{Name: "a.js", ContentType: TypeESModule}}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{\"bindings\":[],\"compatibility_flags\":[]}\r\n",
		"\r\nContent-Disposition: form-data; name=\"a.js\"; filename=\"a.js\"\r\nContent-Type: application/javascript+module\r\n\r\n",
	} {
		if !strings.Contains(body.String(), want) {
			t.Errorf("form lacks %q:\n%s", want, body.String())
		}
	}
	for _, name := range []string{"", "a\r\nX-Evil: 1", "\xff", strings.Repeat("n", 1025)} {
		if _, err := EncodeForm(io.Discard, Form{Parts: []Part{{Name: name}}}); err == nil {
			t.Errorf("a part named %.20q was encoded", name)
		}
	}
}

func TestDecodeFormAccepts(t *testing.T) {
	module := formPart(named("index.js"), "export default {}")
	tests := []struct{ name, body string }{
		{"metadata first", formPart(metadataHead, metadataJSON) + module + formEnd},
		{"metadata last", module + formPart(metadataHead, metadataJSON) + formEnd},
		{"metadata as wrangler 1 sends it", formPart(metadataHead+"; filename=\"metadata.json\"\r\nContent-Type: application/json", metadataJSON) + module + formEnd},
		{"parameters of a content type", formPart(metadataHead, metadataJSON) +
			formPart("content-disposition: FORM-DATA; name=index.js; filename=\"x/index.js\"\r\ncontent-type: Application/JavaScript+Module; charset=utf-8", "export default {}") + formEnd},
		{"preamble and no line after the end", "preamble\r\n" + formPart(metadataHead, metadataJSON) + module + strings.TrimSpace(formEnd)},
		{"an encoding is not undone", formPart(metadataHead, metadataJSON) +
			formPart(named("index.js")+"\r\nContent-Transfer-Encoding: quoted-printable", "export default {}") + formEnd},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			form, err := DecodeForm(upload(strings.NewReader(tt.body)), DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			part, ok := form.Part("index.js")
			if !ok || part.ContentType != TypeESModule || string(part.Content) != "export default {}" || len(form.Parts) != 1 {
				t.Errorf("got parts %+v", form.Parts)
			}
			if form.Metadata.MainModule != "index.js" {
				t.Errorf("got metadata %+v", form.Metadata)
			}
		})
	}
}

func TestDecodeFormRefuses(t *testing.T) {
	module := formPart(named("index.js"), "export default {}")
	metadata := func(json string) string { return module + formPart(metadataHead, json) + formEnd }
	small := Limits{Parts: 3, PartSize: 50, Total: 1000}
	tests := []struct {
		name, body string
		code       int
		message    string
	}{
		{"empty body", "", CodeMalformedBody, "ends before its last boundary"},
		{"no parts", formEnd, CodeMalformedBody, `no part named "metadata"`},
		{"no metadata", module + formEnd, CodeMalformedBody, `no part named "metadata"`},
		{"truncated between parts", module, CodeMalformedBody, "ends before its last boundary"},
		{"truncated in a part", module[:len(module)-5], CodeMalformedBody, "ends before its last boundary"},
		{"truncated in a header", module + "--" + boundary + "\r\n" + metadataHead + "\r\n", CodeMalformedBody, "ends before its last boundary"},
		{"truncated in the last boundary", formPart(metadataHead, "{}") + formEnd[:len(formEnd)-3], CodeMalformedBody, "ends before its last boundary"},
		{"malformed header", "--" + boundary + "\r\nno header\r\n\r\nx\r\n" + formEnd, CodeMalformedBody, "malformed"},
		{"no disposition", formPart("X: y", "x") + formEnd, CodeMalformedBody, "no Content-Disposition"},
		{"no form-data", formPart(`Content-Disposition: attachment; name="a"`, "x") + formEnd, CodeMalformedBody, "no Content-Disposition"},
		{"no name", formPart("Content-Disposition: form-data", "x") + formEnd, CodeMalformedBody, "name of a part is empty"},
		{"name not UTF-8", formPart("Content-Disposition: form-data; name=\"\xff\"", "x") + formEnd, CodeMalformedBody, "not UTF-8"},
		{"bad content type", formPart("Content-Disposition: form-data; name=a\r\nContent-Type: ;", "x") + formEnd, CodeMalformedBody, `part "a" has a malformed content type`},
		{"same name twice", module + module + formEnd, CodeMalformedBody, `two parts named "index.js"`},
		{"metadata twice", formPart(metadataHead, "{}") + formPart(metadataHead, "{}") + formEnd, CodeMalformedBody, `two parts named "metadata"`},
		{"metadata null", metadata("null"), CodeMalformedBody, "not a JSON object"},
		{"metadata array", metadata("[]"), CodeMalformedBody, "not a JSON object"},
		{"metadata empty", metadata(""), CodeMalformedBody, "not a JSON object"},
		{"metadata cut off", metadata(`{"bindings":[`), CodeMalformedBody, "at byte 13"},
		{"metadata with more behind it", metadata(`{} {}`), CodeMalformedBody, "at byte 4"},
		{"wrong type", metadata(`{"compatibility_date":20240901}`), CodeMalformedBody, `field "compatibility_date" has the wrong type`},
		{"bad binding", metadata(`{"bindings":[{"name":"X","type":"json"}]}`), CodeMalformedBody, `binding "X": json is missing`},
		{"bad migrations", metadata(`{"migrations":[]}`), CodeMalformedBody, "migrations must be an object"},
		{"both mains", metadata(`{"main_module":"index.js","body_part":"index.js"}`), CodeMalformedBody, "both main_module and body_part"},
		{"main module missing", metadata(`{"main_module":"x.js"}`), CodeMalformedBody, `main part "x.js"`},
		{"body part missing", metadata(`{"body_part":"script"}`), CodeMalformedBody, `main part "script"`},
		{"metadata as main module", metadata(`{"main_module":"metadata"}`), CodeMalformedBody, `main part "metadata"`},

		{"too many parts", formPart(named("a"), "") + formPart(named("b"), "") + formPart(named("c"), "") + formPart(named("d"), "") + formEnd, CodeTooLarge, "more than 3 parts"},
		{"part too large", formPart(named("a"), strings.Repeat("x", 51)) + formEnd, CodeTooLarge, `part "a" is larger than 50 bytes`},
		{"preamble too large", strings.Repeat("x", 1001), CodeTooLarge, "larger than 1000 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := upload(strings.NewReader(tt.body))
			r.ContentLength = -1 // so that the counting of bytes is tested too
			_, err := DecodeForm(r, small)
			refusal, ok := errors.AsType[*FormError](err)
			if !ok || refusal.Code != tt.code || !strings.Contains(refusal.Message, tt.message) {
				t.Errorf("got %v, want code %d and %q", err, tt.code, tt.message)
			}
		})
	}
}

func TestDecodeFormContentType(t *testing.T) {
	for _, contentType := range []string{"", "application/json", "multipart/form-data", "multipart/mixed; boundary=x", ";;"} {
		r := upload(strings.NewReader(formEnd))
		r.Header.Set("Content-Type", contentType)
		_, err := DecodeForm(r, DefaultLimits)
		if refusal, ok := errors.AsType[*FormError](err); !ok || refusal.Code != CodeMalformedBody {
			t.Errorf("content type %q: %v, want a FormError", contentType, err)
		}
	}
}

// A body whose declared length is too large is refused unread.
func TestDecodeFormDeclaredLength(t *testing.T) {
	r := upload(iotest.ErrReader(errors.New("the body was read")))
	r.ContentLength = DefaultLimits.Total + 1
	_, err := DecodeForm(r, DefaultLimits)
	if refusal, ok := errors.AsType[*FormError](err); !ok || refusal.Code != CodeTooLarge {
		t.Errorf("got %v, want a FormError with code %d", err, CodeTooLarge)
	}
}

// A connection that breaks is not the form's fault.
func TestDecodeFormBrokenBody(t *testing.T) {
	broken := errors.New("connection reset")
	for _, start := range []string{"", formPart(named("index.js"), "x"), formPart(named("index.js"), "x")[:60]} {
		_, err := DecodeForm(upload(io.MultiReader(strings.NewReader(start), iotest.ErrReader(broken))), DefaultLimits)
		if _, ok := errors.AsType[*FormError](err); ok || !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v, want the connection's error", len(start), err)
		}
	}
}

// FuzzDecodeForm checks that no body makes the decoder panic, and that what it
// accepts keeps its promises and comes back the same when sent again.
func FuzzDecodeForm(f *testing.F) {
	module := formPart(named("./0a-x.js"), "code")
	f.Add([]byte(formPart(metadataHead, metadataJSON) + formPart(named("index.js"), "export default {}") + module + formEnd))
	f.Add([]byte(module + formPart(metadataHead, `{"bindings":[{"name":"A","type":"json","json":null},{"name":"B","type":"inherit","old_name":"C"}]}`) + formEnd))
	f.Add([]byte(formPart(metadataHead, `{"migrations":{"old_tag":null,"new_tag":"v1","new_classes":["A"]},"exports":null}`) + formEnd))
	f.Add([]byte(formPart(metadataHead+"\r\nContent-Type: ;", "{")))
	limits := Limits{Parts: 5, PartSize: 1000, Total: 4000}
	f.Fuzz(func(t *testing.T, body []byte) {
		form, err := DecodeForm(upload(bytes.NewReader(body)), limits)
		if err != nil {
			if _, ok := errors.AsType[*FormError](err); !ok {
				t.Fatalf("not a FormError: %v", err)
			}
			return
		}
		if len(body) > int(limits.Total) || len(form.Parts) >= limits.Parts {
			t.Fatalf("limits were exceeded: %d bytes, %d parts", len(body), len(form.Parts))
		}
		var again bytes.Buffer
		contentType, err := EncodeForm(&again, form)
		if err != nil {
			t.Fatalf("encode what was decoded: %v", err)
		}
		r := httptest.NewRequest(http.MethodPut, "/", &again)
		r.Header.Set("Content-Type", contentType)
		second, err := DecodeForm(r, DefaultLimits)
		if err != nil {
			t.Fatalf("decode what was encoded: %v", err)
		}
		if len(second.Parts) != len(form.Parts) {
			t.Fatalf("%d parts became %d", len(form.Parts), len(second.Parts))
		}
		for i, part := range form.Parts {
			if got := second.Parts[i]; got.Name != part.Name || !bytes.Equal(got.Content, part.Content) || got.ContentType != part.ContentType {
				t.Errorf("part %+v became %+v", part, got)
			}
		}
	})
}

// Cloudflare's SDKs send the modules as a list of files, which are called as
// the metadata calls them.
func TestDecodeListOfFiles(t *testing.T) {
	for _, names := range [][2]string{{"files", "files"}, {"files.0", "files.1"}, {"files[]", "files[]"}, {"files[0]", "files[1]"}} {
		body := "--B\r\nContent-Disposition: form-data; name=\"metadata\"\r\nContent-Type: application/json\r\n\r\n{\"main_module\":\"a.mjs\"}\r\n" +
			"--B\r\nContent-Disposition: form-data; name=\"" + names[0] + "\"; filename=\"lib/b.mjs\"\r\nContent-Type: text/javascript+module\r\n\r\nb\r\n" +
			"--B\r\nContent-Disposition: form-data; name=\"" + names[1] + "\"; filename=\"a.mjs\"\r\nContent-Type: application/javascript+module\r\n\r\na\r\n--B--\r\n"
		r := httptest.NewRequest(http.MethodPut, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=B")
		form, err := DecodeForm(r, DefaultLimits)
		if err != nil {
			t.Errorf("%q: %v", names, err)
			continue
		}
		if len(form.Parts) != 2 || form.Parts[0].Name != "lib/b.mjs" || form.Parts[1].Name != "a.mjs" ||
			form.Parts[0].ContentType != TypeESModule || form.Parts[1].ContentType != TypeESModule {
			t.Errorf("%q: %+v", names, form.Parts)
		}
	}
}
