package cfapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// Bindings must survive a round trip, those of unknown types with all they have.
func TestBindingRoundTrip(t *testing.T) {
	for _, text := range []string{
		`{"name":"A","text":"value","type":"plain_text"}`,
		`{"name":"A","text":"","type":"plain_text"}`,
		`{"name":"A","text":"s3cret","type":"secret_text"}`,
		`{"name":"A","type":"secret_text"}`,
		`{"json":{"a":[1,null]},"name":"A","type":"json"}`,
		`{"json":null,"name":"A","type":"json"}`,
		`{"class_name":"C","name":"A","type":"durable_object_namespace"}`,
		`{"class_name":"C","environment":"e","name":"A","namespace_id":"00","script_name":"s","type":"durable_object_namespace"}`,
		`{"name":"A","namespace_id":"kv","raw":true,"type":"kv_namespace"}`,
		`{"name":"A","old_name":"B","type":"inherit"}`,
		`{"name":"A","text":5,"type":"somebody_elses"}`,
	} {
		var b Binding
		if err := json.Unmarshal([]byte(text), &b); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := json.Marshal(b)
		if err != nil || string(got) != text {
			t.Errorf("%s became %s, %v", text, got, err)
		}
	}
}

func TestBindingRefusals(t *testing.T) {
	for text, want := range map[string]string{
		`null`:                       "must be an object",
		`"A"`:                        "must be an object",
		`{"type":"json"}`:            "has no name",
		`{"name":"A"}`:               `binding "A" has no type`,
		`{"name":"A","type":5}`:      `binding "A" has no type`,
		`{"name":"A","type":"json"}`: `binding "A": json is missing`,
		`{"name":"A","type":"plain_text","text":12345}`:             `binding "A": text must be a string`,
		`{"name":"A","type":"secret_text","text":{"key":"s3cret"}}`: `binding "A": text must be a string`,
	} {
		var b Binding
		err := json.Unmarshal([]byte(text), &b)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error shows a secret: %v", text, err)
		}
	}
}

func TestBindingHidesSecret(t *testing.T) {
	b := Binding{Name: "KEY", Type: BindingSecretText, Text: "s3cret"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{b, &b, []Binding{b}, Metadata{Bindings: []Binding{b}}} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, "s3cret") {
				t.Errorf("%s of %T shows the secret: %s", verb, value, text)
			}
		}
	}
}

func TestMigrationsForms(t *testing.T) {
	for text, want := range map[string]string{
		`{"new_tag":"v1","steps":[{"new_classes":["A"]},{}]}`:       `{"new_tag":"v1","steps":[{"new_classes":["A"]},{}]}`,
		`{"old_tag":"v1","new_tag":"v2","steps":[]}`:                `{"old_tag":"v1","new_tag":"v2","steps":[]}`,
		`{"old_tag":null,"new_tag":"v1","steps":null}`:              `{"new_tag":"v1","steps":[]}`,
		`{"new_tag":"v1","new_classes":["A"],"renamed_classes":[]}`: `{"new_tag":"v1","steps":[{"new_classes":["A"],"renamed_classes":[]}]}`,
		`{"tag":"v1"}`: `{"steps":[{"tag":"v1"}]}`, // for whoever reads the steps to refuse
	} {
		var m Migrations
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := json.Marshal(m); err != nil || string(got) != want {
			t.Errorf("%s became %s, %v; want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		`[]`:                               "must be an object",
		`{"new_tag":1}`:                    "migrations.new_tag must be a string",
		`{"steps":{}}`:                     "migrations.steps must be an array of objects",
		`{"steps":["new_classes"]}`:        "migrations.steps must be an array of objects",
		`{"steps":[],"new_classes":["A"]}`: "both steps and the directives",
	} {
		var m Migrations
		if err := json.Unmarshal([]byte(text), &m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// Old clients send null for what they do not have.
func TestMetadataNulls(t *testing.T) {
	var m Metadata
	text := `{"main_module":"a","bindings":null,"migrations":null,"exports":null,"assets":null,"limits":null,
		"placement":null,"containers":null,"tail_consumers":null,"streaming_tail_consumers":null,"compatibility_flags":null}`
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(m)
	if want := `{"main_module":"a","bindings":[],"compatibility_flags":[]}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}
