package diag

import (
	"encoding/json"
	"io"
)

// WriteJSON writes a list as one line of JSON, for programs:
//
//	{"ok":false,"diagnostics":[{"severity":"error","code":"bad-date","message":"…",
//	  "file":"wrangler.toml","line":3,"column":22,"end_line":3,"end_column":28,
//	  "env":"","hint":"","related":[]}]}
//
// All keys are always there: a file is "" and a line 0 where there is none.
// What ok means is the caller's decision; that of `paddock check` says what
// its exit code says.
func WriteJSON(w io.Writer, list List, ok bool) error {
	report := jsonReport{OK: ok, Diagnostics: []jsonDiagnostic{}}
	for _, d := range list {
		j := jsonDiagnostic{
			Severity: d.Severity.String(), Code: d.Code, Message: d.Message, jsonPlace: placeOf(d.Location),
			Env: d.Env, Hint: d.Hint, Related: []jsonRelated{},
		}
		for _, r := range d.Related {
			j.Related = append(j.Related, jsonRelated{r.Message, placeOf(r.Location)})
		}
		report.Diagnostics = append(report.Diagnostics, j)
	}
	return encode(w, report)
}

type jsonReport struct {
	OK          bool             `json:"ok"`
	Diagnostics []jsonDiagnostic `json:"diagnostics"`
}

type jsonDiagnostic struct {
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	jsonPlace
	Env     string        `json:"env"`
	Hint    string        `json:"hint"`
	Related []jsonRelated `json:"related"`
}

type jsonRelated struct {
	Message string `json:"message"`
	jsonPlace
}

type jsonPlace struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
}

func placeOf(l Location) jsonPlace {
	return jsonPlace{l.File, l.Line, l.Column, l.EndLine, l.EndColumn}
}

// encode writes a value as one line. Nobody puts it into a web page, so that
// <, > and & can stay readable.
func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
