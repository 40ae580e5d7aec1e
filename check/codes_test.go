package check

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every code has a sentence, here or in package config, and every sentence has
// a code. esbuild's own names of warnings have none, and what is said of a
// build that was given up is never shown here.
func TestCodesAreDescribed(t *testing.T) {
	// The form of a call, of a constructor's argument, and of our plugins.
	used := regexp.MustCompile(`(?:Errorf|Warningf)\("([a-z-]+)"|return "([a-z]+-[a-z]+)"|Detail: "([a-z-]+)"|Detail = "([a-z-]+)"`)
	found := map[string]bool{}
	for _, pattern := range []string{"*.go", "../bundle/*.go", "../migrate/compare.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range used.FindAllStringSubmatch(string(text), -1) {
				code := strings.Join(m[1:], "")
				if code == "closed" || code == "canceled" {
					continue
				}
				found[code] = true
				if doc := Describe(code); !strings.HasSuffix(doc, ".") {
					t.Errorf("%s: the code %s has no sentence: %q", path, code, doc)
				}
			}
		}
	}
	last := ""
	for _, c := range codes() {
		if !found[c[0]] || c[0] <= last {
			t.Errorf("the code %s is not used, or in the wrong place", c[0])
		}
		last = c[0]
	}
	if Describe("bad-date") == "" || Describe("nothing") != "" {
		t.Error("the codes of config are not known, or all are")
	}
}

// The table in the documentation is that of the code.
func TestCodesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/CI.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range codes() {
		if row := "| `" + c[0] + "` | " + c[1] + " |"; !strings.Contains(string(text), row) {
			t.Errorf("docs/CI.md lacks the row\n%s", row)
		}
	}
}
