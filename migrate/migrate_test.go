package migrate

import (
	"encoding/json"
	"regexp"
	"testing"

	"paddock/internal/diag"
)

func entry(tag string, s Step) Migration {
	return Migration{Tag: tag, Step: s, Location: diag.Location{File: "wrangler.toml", Line: len(tag)}}
}

var history = []Migration{
	entry("v1", Step{NewClasses: []string{"A"}}),
	entry("v2", Step{RenamedClasses: []Rename{{From: "A", To: "B"}}}),
	entry("v3", Step{NewSQLiteClasses: []string{"C"}, DeletedClasses: []string{"B"}}),
}

func TestPending(t *testing.T) {
	for _, tt := range []struct {
		name    string
		list    []Migration
		applied string
		want    string // the upload as JSON
		problem string // a pattern for the error
	}{
		{name: "nothing at all", want: `null`},
		{name: "new script", list: history, want: `{"new_tag":"v3","steps":[{"new_classes":["A"]},{"renamed_classes":[{"from":"A","to":"B"}]},{"new_sqlite_classes":["C"],"deleted_classes":["B"]}]}`},
		{name: "in the middle", list: history, applied: "v2", want: `{"old_tag":"v2","new_tag":"v3","steps":[{"new_sqlite_classes":["C"],"deleted_classes":["B"]}]}`},
		{name: "up to date", list: history, applied: "v3", want: `null`},
		{name: "first of two equal tags", list: []Migration{history[0], history[1], entry("v1", Step{})}, applied: "v1", want: `{"old_tag":"v1","new_tag":"v1","steps":[{"renamed_classes":[{"from":"A","to":"B"}]},{}]}`},
		{name: "tag unknown", list: history, applied: "v9", want: `null`, problem: `^wrangler.toml:2: the migration tag "v9" of the published script was not found in the list of migrations$`},
		{name: "list vanished", applied: "v1", want: `null`, problem: `^the published script has the migration tag "v1", but the configuration has no migrations$`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			up, problems := Pending(tt.list, tt.applied, nil)
			got, err := json.Marshal(up)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("upload\n got %s\nwant %s", got, tt.want)
			}
			if tt.problem == "" {
				if len(problems) > 0 {
					t.Errorf("unexpected problems: %v", problems)
				}
				return
			}
			err = problems.Err()
			if err == nil || !regexp.MustCompile(tt.problem).MatchString(err.Error()) {
				t.Errorf("problem %v, want %s", err, tt.problem)
			}
		})
	}
}

// The wire form of a transfer has the field names of Cloudflare's API.
func TestTransferOnTheWire(t *testing.T) {
	got, err := json.Marshal(Upload{Steps: []Step{{TransferredClasses: []Transfer{{From: "A", FromScript: "other", To: "B"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"steps":[{"transferred_classes":[{"from":"A","from_script":"other","to":"B"}]}]}`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
