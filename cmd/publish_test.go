package cmd

import (
	"encoding/json"
	"strings"
	"testing"

	"paddock/internal/cfapi"
)

func TestShowBindings(t *testing.T) {
	var b strings.Builder
	showBindings(&b, []cfapi.Binding{
		{Type: cfapi.BindingDurableObject, Name: "OWN", ClassName: "Counter"},
		{Type: cfapi.BindingDurableObject, Name: "OTHER", ClassName: "Tally", ScriptName: "owner"},
		{Type: cfapi.BindingPlainText, Name: "TEXT", Text: "two\nlines \x1b[1m"},
		{Type: cfapi.BindingPlainText, Name: "LONG", Text: strings.Repeat("é", 100)},
		{Type: cfapi.BindingJSON, Name: "JSON", JSON: json.RawMessage("{\n  \"a\": \"\u009b1m\"\n}")},
	})
	want := `Your Worker has access to the following bindings:
Binding                                                  Resource
env.OWN (Counter)                                        Durable Object
env.OTHER (Tally, defined in owner)                      Durable Object
env.TEXT ("two\nlines \x1b[1m")                          Environment Variable
env.LONG ("éééééééééééééééééééééééééééééééééééééé…)      Environment Variable
env.JSON ({ "a": "\u009b1m" })                           Environment Variable

`
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
	b.Reset()
	showBindings(&b, nil)
	if b.String() != "No bindings found.\n" {
		t.Errorf("without bindings: %q", b.String())
	}
}
