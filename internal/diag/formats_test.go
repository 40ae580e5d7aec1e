package diag

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample has one of everything: a range, two lines, a file as a whole, no
// place, characters of all widths and those that a format has to escape.
func sample() List {
	s := NewSource("app/wrangler.toml", "name = \"😀\" # 100%, or: less\nmain = \"\"\"\nx\"\"\"\n\n\n\n\tname = \"😀\"\n")
	other := NewSource("app/my worker#1.ts", "é = <b>\n")
	return List{
		Errorf("no-config", Location{}, "there is none"),
		Warningf("no-date", Location{File: "app/wrangler.toml"}, "no date").WithHint("Add one:\ndate = \"2022-01-01\"\n"),
		Errorf("bad-name", s.Location(7, 13), `the name "😀" is 100%% wrong, and: bad`).
			WithRelated("the other one is here", other.Location(5, 8)).WithRelated("and nowhere", Location{}),
		Warningf("two-lines", s.Location(36, 46), "a\x1bb"),
		{Severity: Error, Code: "bad-name", Message: "again", Location: other.Location(0, 2), Env: "staging"},
		{Severity: Error, Code: "bad-name", Message: "again", Location: other.Location(3, 4), Env: "staging"},
		{Message: "without a code", Location: other.At(1, 1)},
	}
}

func TestFormats(t *testing.T) {
	describe := func(code string) string {
		return map[string]string{"bad-name": "A name is bad."}[code]
	}
	for name, write := range map[string]func(*bytes.Buffer, List) error{
		"github": func(b *bytes.Buffer, l List) error { return WriteGitHub(b, l) },
		"json":   func(b *bytes.Buffer, l List) error { return WriteJSON(b, l, false) },
		"sarif": func(b *bytes.Buffer, l List) error {
			return WriteSARIF(b, l, Tool{Name: "paddock", Version: "1.2.3", Describe: describe})
		},
		"human": func(b *bytes.Buffer, l List) error { WriteHuman(b, l, HumanOptions{}); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b, sample()); err != nil {
				t.Fatal(err)
			}
			compareGolden(t, "sample."+name, indented(t, name, &b))
			b.Reset()
			if err := write(&b, nil); err != nil {
				t.Fatal(err)
			}
			if name == "github" || name == "human" {
				if b.Len() > 0 {
					t.Errorf("an empty list is printed as %q", &b)
				}
				return
			}
			compareGolden(t, "empty."+name, indented(t, name, &b))
		})
	}
}

// indented makes JSON readable, after a look that it is one line.
func indented(t *testing.T, name string, b *bytes.Buffer) string {
	if name == "github" || name == "human" {
		return b.String()
	}
	if strings.Count(b.String(), "\n") != 1 {
		t.Errorf("it is not one line: %q", b)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b.Bytes(), "", "  "); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// What moves with its line keeps its fingerprint; what stands twice has two.
func TestFingerprints(t *testing.T) {
	prints := func(text string) []string {
		s := NewSource("f", text)
		var list List
		for i := range text {
			if text[i] == '!' {
				list = append(list, Errorf("c", s.Location(i, i+1), "m"))
			}
		}
		var b bytes.Buffer
		if err := WriteSARIF(&b, list, Tool{}); err != nil {
			t.Fatal(err)
		}
		var log sarifLog
		if err := json.Unmarshal(b.Bytes(), &log); err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, r := range log.Runs[0].Results {
			all = append(all, r.PartialFingerprints["paddock/v1"])
		}
		return all
	}
	before, after := prints("a!\nb\n"), prints("new\n  a!\nb!\n  a!\n")
	if before[0] != after[0] || after[0] == after[1] || after[0] == after[2] {
		t.Errorf("before %q, after %q", before, after)
	}
}

// A place outside of the repository has a name of its own.
func TestSARIFAbsolutePath(t *testing.T) {
	path, want := "/etc/my config.toml", `{"uri":"file:///etc/my%20config.toml"}`
	if runtime.GOOS == "windows" {
		path, want = `C:\my config.toml`, `{"uri":"file:///C:/my%20config.toml"}`
	}
	var b bytes.Buffer
	if err := WriteSARIF(&b, List{Errorf("c", Location{File: path}, "m")}, Tool{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `"artifactLocation":`+want) {
		t.Errorf("printed %s", &b)
	}
}
