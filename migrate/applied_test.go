package migrate

import (
	"slices"
	"strings"
	"testing"

	"paddock/internal/diag"
)

// at gives entries the line of their place in the list.
func at(list ...Migration) []Migration {
	list = slices.Clone(list)
	for i := range list {
		list[i].Location = diag.Location{File: "wrangler.toml", Line: i + 1, Column: 1}
	}
	return list
}

// uploaded is the record of an upload by paddock.
func uploaded(list ...Migration) Record {
	up, _ := Pending(list, "", nil)
	return Record{Tag: up.NewTag, Steps: up.Steps, Entries: up.Entries()}
}

// byTag is the record of an upload by somebody who tells of the last tag only.
func byTag(tag string, steps ...Step) Record { return Record{Tag: tag, Steps: steps} }

func TestHistoryIsCompared(t *testing.T) {
	v1, v2, v3 := history[0], history[1], history[2]
	changed := entry("v2", Step{RenamedClasses: []Rename{{From: "A", To: "X"}}})
	v4 := entry("v4", Step{NewClasses: []string{"D"}})
	for _, tt := range []struct {
		name    string
		records []Record
		list    []Migration
		applied string
		want    []string // "line code", of each problem
		pending string   // tags
	}{
		{name: "untouched", records: []Record{uploaded(v1), uploaded(v2)}, list: at(v1, v2, v3), applied: "v2", pending: "v3"},
		{name: "edited", records: []Record{uploaded(v1, v2)}, list: at(v1, changed, v3), applied: "v2", want: []string{"2 migration-edited"}},
		{name: "edited in two places", records: []Record{uploaded(v1, v2)}, list: at(entry("v1", Step{}), changed), applied: "v2",
			want: []string{"1 migration-edited", "2 migration-edited"}},
		{name: "removed", records: []Record{uploaded(v1, v2, v3)}, list: at(v1, v3, v4), applied: "v3", want: []string{"2 migration-removed"}},
		{name: "removed at the front", records: []Record{uploaded(v1, v2)}, list: at(v2), applied: "v2", want: []string{"1 migration-removed"}},
		{name: "moved", records: []Record{uploaded(v1, v2, v3)}, list: at(v2, v1, v3), applied: "v3", want: []string{"1 migration-reordered"}},
		{name: "inserted", records: []Record{uploaded(v1), uploaded(v2)}, list: at(v1, v4, v2), applied: "v2", want: []string{"2 migration-inserted"}},
		{name: "the applied tag is gone: one problem", records: []Record{uploaded(v1, v2)}, list: at(v1, v3), applied: "v2", want: []string{"1 migration-tag-unknown"}},
		{name: "the list is gone: one problem", records: []Record{uploaded(v1, v2)}, applied: "v2", want: []string{"0 migrations-missing"}},
		{name: "others are known by their tag alone", records: []Record{byTag("v2", v1.Step, v2.Step)}, list: at(entry("v1", Step{}), changed, v3), applied: "v2", pending: "v3"},
		{name: "paddock after others", records: []Record{byTag("v1", v1.Step), uploaded(v2)}, list: at(entry("v1", Step{}), changed), applied: "v2", want: []string{"2 migration-edited"}},
		{name: "others after paddock", records: []Record{uploaded(v1), byTag("v3", v2.Step, v3.Step)}, list: at(v1, changed, v3, v4), applied: "v3", pending: "v4"},
		{name: "a tag of the command line that is in no list", records: []Record{uploaded(v1), byTag("cli", v2.Step), uploaded(v3)}, list: at(v1, v4, v3), applied: "v3"},
		{name: "the list was declared to be applied", records: []Record{uploaded(v1, v2), byTag("v2")}, list: at(entry("v1", Step{}), changed, v3), applied: "v2", pending: "v3"},
		{name: "gone back, and not yet forth", records: []Record{uploaded(v1, v2, v3), byTag("v1", v4.Step)}, list: at(v1, changed), applied: "v1", pending: "v2"},
		{name: "gone back and forth", records: []Record{uploaded(v1, v2), byTag("v1", v4.Step), uploaded(changed)}, list: at(v1, v2), applied: "v2", want: []string{"2 migration-edited"}},
		{name: "steps without a tag leave nothing", records: []Record{byTag("", v1.Step)}, list: at(v2), pending: "v2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			up, diags := Pending(tt.list, tt.applied, AppliedBy(tt.records))
			var got []string
			for _, d := range diags {
				got = append(got, string('0'+rune(d.Location.Line))+" "+d.Code)
				if d.Severity != diag.Error || d.Hint == "" {
					t.Errorf("no error with a way out: %+v", d)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("problems %q, want %q", got, tt.want)
			}
			var tags string
			if up != nil {
				tags = strings.Join(up.Tags, " ")
			}
			if tags != tt.pending {
				t.Errorf("pending %q, want %q", tags, tt.pending)
			}
		})
	}
}

// What was applied is shown, so that it can be put back without a search.
func TestHintsShowWhatWasApplied(t *testing.T) {
	list := at(history[0], entry("v2", Step{}))
	_, diags := Pending(list, "v2", AppliedBy([]Record{uploaded(history[0], history[1])}))
	if len(diags) != 1 || !strings.Contains(diags[0].Hint, "[[migrations]]\ntag = \"v2\"\nrenamed_classes = [{ from = \"A\", to = \"B\" }]") {
		t.Errorf("problems %+v", diags)
	}
	list[1].Location.File = "wrangler.jsonc"
	_, diags = Pending(list, "v2", AppliedBy([]Record{uploaded(history[0], history[1])}))
	if len(diags) != 1 || !strings.Contains(diags[0].Hint, "\"tag\": \"v2\",\n  \"renamed_classes\": [") {
		t.Errorf("problems %+v", diags)
	}
}

func TestDigest(t *testing.T) {
	a := Step{NewClasses: []string{"B", "A"}, RenamedClasses: []Rename{{"A", "B"}, {"B", "C"}}}
	same := Step{NewClasses: []string{"A", "B"}, DeletedClasses: []string{}, RenamedClasses: []Rename{{"A", "B"}, {"B", "C"}}}
	if a.Digest() != same.Digest() {
		t.Error("the order of a set, or an empty list, counts")
	}
	if !slices.Equal(a.NewClasses, []string{"B", "A"}) {
		t.Error("the step was sorted")
	}
	for _, other := range []Step{
		{NewSQLiteClasses: a.NewClasses, RenamedClasses: a.RenamedClasses},
		{NewClasses: a.NewClasses, RenamedClasses: []Rename{{"B", "C"}, {"A", "B"}}},
		{NewClasses: []string{"BA"}, RenamedClasses: a.RenamedClasses},
	} {
		if a.Digest() == other.Digest() {
			t.Errorf("%+v has the digest of %+v", other, a)
		}
	}
	// State files hold digests: their form must stay.
	const want = "5d6358be5e3b58307a3c5ec7aa38adee0b60b09eb72b4dd09e3f76aac11f3e55"
	if got := (Step{NewClasses: []string{"Counter"}}).Digest(); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

func TestAdhoc(t *testing.T) {
	step := Step{NewClasses: []string{"A"}}
	for _, tt := range []struct {
		name           string
		old, new       string
		step           Step
		exists         bool
		applied        string
		problem        string
		oldTag, newTag string
		steps          int
	}{
		{name: "new script, without tags", step: step, steps: 1},
		{name: "new script, with a tag", new: "v1", step: step, newTag: "v1", steps: 1},
		{name: "untagged script", new: "v1", step: step, exists: true, newTag: "v1", steps: 1},
		{name: "tagged script", old: "v1", new: "v2", step: step, exists: true, applied: "v1", oldTag: "v1", newTag: "v2", steps: 1},
		{name: "tags only", old: "v1", new: "v2", exists: true, applied: "v1", oldTag: "v1", newTag: "v2"},
		{name: "a first tag only", new: "v1", exists: true, newTag: "v1"},
		{name: "rule 1", old: "v0", new: "v2", exists: true, applied: "v1", problem: `"v0" does not match the script's current migration tag, "v1"`},
		{name: "rule 1 before 5", old: "v0", exists: true, applied: "v1", problem: "does not match the script's current migration tag"},
		{name: "rule 2", old: "v1", new: "v2", exists: true, problem: "the script does not have a migration tag set"},
		{name: "rule 3", old: "v1", new: "v2", problem: "the script does not exist"},
		{name: "rule 4", new: "v2", step: step, exists: true, applied: "v1", problem: `you didn't provide an existing tag with --old-tag, but the script's current migration tag is "v1"`},
		{name: "rule 5", old: "v1", step: step, exists: true, applied: "v1", problem: "must provide a --new-tag when --old-tag is set"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			up, diags := Adhoc{OldTag: tt.old, NewTag: tt.new, Step: tt.step}.Upload(tt.exists, tt.applied)
			if tt.problem != "" {
				if err := diags.Err(); up != nil || err == nil || !strings.Contains(err.Error(), tt.problem) {
					t.Errorf("got %+v, %v, want the problem %q", up, err, tt.problem)
				}
				return
			}
			if len(diags) > 0 || up == nil || up.OldTag != tt.oldTag || up.NewTag != tt.newTag || len(up.Steps) != tt.steps || up.Tags != nil {
				t.Errorf("got %+v, %v", up, diags)
			}
		})
	}
}

func TestDeletes(t *testing.T) {
	for _, tt := range []struct {
		name  string
		steps []Step
		want  string
	}{
		{"deleted", []Step{{DeletedClasses: []string{"A", "B"}}}, "A B"},
		{"made anew in the same step", []Step{{DeletedClasses: []string{"A", "B"}, NewClasses: []string{"A"}}}, "B"},
		{"made anew later", []Step{{DeletedClasses: []string{"A", "B"}}, {NewSQLiteClasses: []string{"B"}, RenamedClasses: []Rename{{"C", "A"}}}}, ""},
		{"taken over", []Step{{DeletedClasses: []string{"A"}, TransferredClasses: []Transfer{{"X", "other", "A"}}}}, ""},
		{"made anew before", []Step{{NewClasses: []string{"A"}}, {DeletedClasses: []string{"A"}}}, "A"},
	} {
		if got := strings.Join((&Upload{Steps: tt.steps}).Deletes(), " "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
