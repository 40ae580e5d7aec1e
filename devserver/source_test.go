package devserver

import (
	"os"
	"path/filepath"
	"testing"

	"paddock/config"
	"paddock/internal/diag"
	"paddock/internal/sourcemap"
)

func TestAround(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	for path, text := range map[string]string{
		filepath.Join(dir, "a.js"):         "one\ntwo\nthrée x\nfour\nfive\nsix\n",
		filepath.Join(elsewhere, "w.toml"): "\ufeffname = 7\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s, p := &session{opts: Options{Dir: elsewhere}}, &project{worker: &config.Worker{Dir: dir}}
	for name, test := range map[string]struct {
		at   diag.Location
		want string
	}{
		"in the project": {
			diag.Location{File: "a.js", Line: 3, Column: 8, LineText: "thrée x"},
			"  1 │ one\n  2 │ two\n> 3 │ thrée x\n    │       ^\n  4 │ four\n  5 │ five\n",
		},
		"from the session's folder": {diag.Location{File: "w.toml", Line: 1, Column: 8, LineText: "name = 7"}, "> 1 │ name = 7\n    │        ^\n"},
		"changed since":             {diag.Location{File: "a.js", Line: 3, Column: 1, LineText: "older"}, "> 3 │ older\n    │ ^\n"},
		"gone":                      {diag.Location{File: "b.js", Line: 30, Column: 99, LineText: "older"}, "> 30 │ older\n     │      ^\n"},
		"beyond the file":           {diag.Location{File: "a.js", Line: 30, Column: 1, LineText: "older"}, "> 30 │ older\n     │ ^\n"},
		"a file as a whole":         {diag.Location{File: "a.js"}, ""},
		"nowhere":                   {diag.Location{}, ""},
	} {
		if got := s.around(p, test.at).String(); got != test.want {
			t.Errorf("%s: got\n%swant\n%s", name, got, test.want)
		}
	}
	if got := s.locate(p, sourcemap.Frame{File: "a.js", Line: 2, Column: 3}); got.String() != "a.js:2:3" || got.LineText != "two" {
		t.Errorf("located at %+v", got)
	}
	if got := s.locate(p, sourcemap.Frame{File: "gone.js", Line: 2, Column: 3}); got.String() != "gone.js:2:3" || got.LineText != "" {
		t.Errorf("located at %+v", got)
	}
	if got := s.locate(p, sourcemap.Frame{}); got != (diag.Location{}) {
		t.Errorf("located at %+v", got)
	}
}
