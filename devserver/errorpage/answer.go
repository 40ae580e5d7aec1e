package errorpage

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"

	"paddock/internal/diag"
)

// Answer returns the report in the form that a client with this Accept header
// wants, and the headers that go with it. Its status is the caller's business.
func (r *Report) Answer(accept string) (http.Header, []byte) {
	header := http.Header{
		"Cache-Control":          {"no-store"},
		"Vary":                   {"Accept"},
		"X-Content-Type-Options": {"nosniff"},
	}
	switch choose(accept) {
	case asHTML:
		nonce := rand.Text()
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; style-src 'nonce-%[1]s'; script-src 'nonce-%[1]s'; "+
			"img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'", nonce))
		return header, r.html(nonce)
	case asJSON:
		header.Set("Content-Type", "application/json")
		return header, r.json()
	}
	header.Set("Content-Type", "text/plain; charset=utf-8")
	return header, []byte(diag.PrintableLines(r.text()))
}

//go:embed page.html
var pageSource string

//go:embed page.css
var pageStyle template.CSS

//go:embed page.js
var pageScript template.JS

// page is parsed when it is needed, and not at the start of every command.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"lines": codeLines,
		"calls": stackLines,
		"cut":   cutLine,
	}).Parse(pageSource))
})

func (r *Report) html(nonce string) []byte {
	var b bytes.Buffer
	err := page().Execute(&b, struct {
		*Report
		Nonce  string
		Style  template.CSS
		Script template.JS
		Name   string // of the script; Script is taken
	}{r, nonce, pageStyle, pageScript, r.Script})
	if err != nil {
		return []byte(r.text()) // cannot happen: the template asks for what there is
	}
	return []byte(diag.PrintableLines(b.String())) // HTML knows no way to write most control characters
}

// text is the report for a terminal, without colors.
func (r *Report) text() string {
	var b strings.Builder
	if e := r.Exception; e != nil {
		fmt.Fprintf(&b, "%s\n", e.Stack())
		if frame := e.Code.String(); frame != "" {
			fmt.Fprintf(&b, "\n%s", frame)
		}
		fmt.Fprintf(&b, "\n%s\n", r.where())
		return b.String()
	}
	fmt.Fprintf(&b, "%s cannot run as saved.\n\n", r.Script)
	list := make(diag.List, len(r.Problems))
	for i, p := range r.Problems {
		list[i] = p.Diagnostic
	}
	diag.WriteHuman(&b, list, diag.HumanOptions{})
	fmt.Fprintf(&b, "%s\n", r.state())
	return b.String()
}

// where says in which script an exception was thrown, and for which request.
func (r *Report) where() string {
	where := "Uncaught in " + r.Script
	if r.Exception.Object != "" {
		where += ", Durable Object " + r.Exception.Object
	}
	if r.Request != nil {
		where += ": " + r.Request.Method + " " + r.Request.URL
	}
	return where
}

// state says what runs meanwhile.
func (r *Report) state() string {
	if r.Previous {
		return "The previous version keeps running."
	}
	return "No version runs yet."
}

// problemJSON and errorJSON are what programs get. They belong to the
// interface, see README.md.
type problemJSON struct {
	Severity string `json:"severity"`
	Code     string `json:"code,omitempty"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
	placeJSON
}

type errorJSON struct {
	Name    string `json:"name"`
	Message string `json:"message"`
	Stack   string `json:"stack,omitempty"`
	placeJSON
	Script   string        `json:"script"`
	Object   string        `json:"object,omitempty"`
	Ray      string        `json:"ray,omitempty"`
	Problems []problemJSON `json:"problems,omitempty"`
}

type placeJSON struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Frame  string `json:"frame,omitempty"`
}

func (r *Report) json() []byte {
	e := errorJSON{Script: r.Script, Ray: r.Ray}
	if x := r.Exception; x != nil {
		e.Name, e.Message, e.Stack, e.Object = x.Name, x.Message, x.Stack(), x.Object
		e.placeJSON = placeJSON{x.Top.File, x.Top.Line, x.Top.Column, x.Code.String()}
	} else {
		first := r.first()
		e.Name, e.Message, e.placeJSON = "BuildError", first.Message, first.place()
		for _, p := range r.Problems {
			e.Problems = append(e.Problems, problemJSON{p.Severity.String(), p.Code, p.Message, p.Hint, p.place()})
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(map[string]errorJSON{"error": e}); err != nil {
		return []byte(`{"error":{}}`) // cannot happen: strings and numbers only
	}
	return b.Bytes()
}

func (p Problem) place() placeJSON {
	return placeJSON{p.Location.File, p.Location.Line, p.Location.Column, p.Around.String()}
}
