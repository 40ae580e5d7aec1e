package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"paddock/internal/diag"
)

func TestDotenv(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"A=1\nB = two words \r\n", "A=1 B=two words"},
		{"export A=1\nexport=2\n", "A=1 export=2"},
		{"A: 1\nB.c-d=2", "A=1 B.c-d=2"},
		{"A=b # c\nB=b#c\n# D=1\n", "A=b B=b"},
		{"A='b # c'\nB=\"b # c\" # d\nC=`'\"`\n", `A=b # c B=b # c C='"`},
		{`A="x\ny"` + "\n" + `B='x\ny'`, `A=x` + "\n" + `y B=x\ny`},
		{"A=\"one\ntwo\" # end\nB=3", "A=one\ntwo B=3"},
		{`A="a\"b"` + "\n" + `B='it\'s'`, `A=a\"b B=it\'s`},
		{`A="b" c` + "\n" + `B="open`, `A="b" c B="open`},
		{"A=\nB=1", "A= B=1"},
		{"A=1\nA=2\n", "A=1 A=2"},
		{"no variable\nA=1\n=x\nA\n", "A=1"},
		{"A='never closed\nB=2\n", "A='never closed B=2"},
		{`A="ends with \"` + "\n", `A=ends with \`},
	} {
		vars, _ := parseDotenv(strings.ReplaceAll(tt.text, "\r\n", "\n"))
		var got []string
		for _, v := range vars {
			got = append(got, v.name+"="+v.value)
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, s, tt.want)
		}
	}
}

func TestExpand(t *testing.T) {
	known := map[string]string{"A": "a", "N": "$A$A", "LOOP": "${LOOP}x", "EMPTY": ""}
	for value, want := range map[string]string{
		"$A":             "a",
		"${A}b$A.c":      "aba.c",
		`\$A`:            "$A",
		"$B":             "",
		"${B:-default}":  "default",
		"${EMPTY-d}":     "d",
		"${A:+yes}":      "yes",
		"${B:+yes}":      "",
		"${B:-$A}":       "a",
		"$N":             "aa",
		"$1 $ {A} ${} $": "$1 $ {A} ${} $",
		"a${LOOP}":       "a" + strings.Repeat("x", maxExpansions),
		"100%":           "100%",
	} {
		if got := expand(value, func(name string) string { return known[name] }); got != want && !strings.HasPrefix(got, "a${LOOP}xxx") {
			t.Errorf("%q became %q, want %q", value, got, want)
		}
	}
}

// localVars runs AddLocalVars on files beside a configuration.
func localVarsOf(t *testing.T, text, env string, o Overrides, files map[string]string, l LocalVars) (string, VarFiles, diag.List, string) {
	t.Helper()
	f := load(t, "wrangler.toml", "name = \"w\"\ncompatibility_date = \"2022-06-30\"\n"+text)
	for name, content := range files {
		write(t, filepath.Join(f.Dir, name), content)
	}
	w, problems := f.Resolve(env, o)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	used, problems := w.AddLocalVars(l)
	var vars []string
	for _, v := range w.Vars {
		mark := ""
		if v.Secret {
			mark = "!"
		}
		vars = append(vars, fmt.Sprintf("%s%s=%v", v.Name, mark, v.Value))
	}
	return strings.Join(vars, " "), used, problems, f.Dir
}

func TestLocalVars(t *testing.T) {
	const config = `
vars = { A = "config", N = 1 }
[env.staging]
vars = { A = "staging" }
`
	for _, tt := range []struct {
		name, config, env, want string
		overrides               Overrides
		files                   map[string]string
		local                   LocalVars
		used                    string
	}{
		{name: "none", config: config, want: "A=config N=1"},
		{name: ".dev.vars", config: config, files: map[string]string{".dev.vars": "A=x\nB=$A\nN=2\n"}, want: "A!=x B!=$A N!=2", used: ".dev.vars"},
		{name: ".dev.vars of another environment", config: config, files: map[string]string{".dev.vars.staging": "A=x"}, want: "A=config N=1"},
		{name: "of this environment", config: config, env: "staging", files: map[string]string{".dev.vars": "B=x", ".dev.vars.staging": "A=y"}, want: "A!=y", used: ".dev.vars.staging"},
		{name: "of all environments", config: config, env: "staging", files: map[string]string{".dev.vars": "B=x"}, want: "A=staging B!=x", used: ".dev.vars"},
		{name: ".dev.vars hides .env", config: config, files: map[string]string{".dev.vars": "B=x", ".env": "C=y"}, want: "A=config B!=x N=1", used: ".dev.vars"},
		{
			name: "the order of .env", config: config, env: "staging",
			files: map[string]string{".env": "A=1\nB=1\nC=1\nD=1", ".env.local": "B=2\nC=2\nD=2", ".env.staging": "C=3\nD=3", ".env.staging.local": "D=4", ".env.prod": "A=no"},
			want:  "A!=1 B!=2 C!=3 D!=4", used: ".env .env.local .env.staging .env.staging.local",
		},
		{name: ".env expands", config: config, files: map[string]string{".env": "B=b\nC=${B}$D-$HOME", ".env.local": "B=local"}, local: LocalVars{Environ: []string{"HOME=h"}}, want: "A=config B!=local C!=local- N=1", used: ".env .env.local"},
		{name: ".env switched off", config: config, files: map[string]string{".env": "B=b"}, local: LocalVars{Environ: []string{"CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV=false"}}, want: "A=config N=1"},
		{
			name: "with the process", config: config, files: map[string]string{".env": "B=b\nC=$X"},
			local: LocalVars{Environ: []string{"CLOUDFLARE_INCLUDE_PROCESS_ENV=true", "B=process", "X=x"}},
			want:  "A=config B!=process C!=x CLOUDFLARE_INCLUDE_PROCESS_ENV!=true N=1 X!=x", used: ".env",
		},
		{name: "files by name", config: config, files: map[string]string{"a.env": "A=1", "b.env": "A=2", ".dev.vars": "C=3"}, local: LocalVars{Files: []string{"a.env", "b.env"}}, want: "A!=2 N=1", used: "a.env b.env"},
		{name: "--var is the strongest", config: config, overrides: Overrides{Vars: map[string]string{"A": "flag", "F": ""}}, files: map[string]string{".dev.vars": "A=x\nF=y"}, want: "A=flag F= N=1", used: ".dev.vars"},
		{
			name: "a binding keeps its name", files: map[string]string{".dev.vars": "DO=x"}, used: ".dev.vars",
			config: "durable_objects.bindings = [{ name = \"DO\", class_name = \"D\", script_name = \"o\" }]",
		},
		{
			name: "listed secrets", config: "vars = { A = \"1\" }\nsecrets.required = [\"S\", \"P\"]", files: map[string]string{".env": "A=2\nS=s\nOTHER=x"},
			local: LocalVars{Environ: []string{"P=p", "PATH=/"}}, want: "A!=2 P!=p S!=s", used: ".env",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			vars, files, problems, dir := localVarsOf(t, tt.config, tt.env, tt.overrides, tt.files, tt.local)
			if vars != tt.want || len(problems) > 0 {
				t.Errorf("got %s, want %s; %v", vars, tt.want, problems)
			}
			var used []string
			for _, path := range files.Used {
				used = append(used, strings.TrimPrefix(path, dir+string(filepath.Separator)))
			}
			if got := strings.Join(used, " "); got != tt.used {
				t.Errorf("used %s, want %s", got, tt.used)
			}
		})
	}
}

// A watcher must also see the files that are not there yet, and those that
// another one hides.
func TestLocalVarsLooked(t *testing.T) {
	_, files, _, dir := localVarsOf(t, "[env.s]", "s", Overrides{}, map[string]string{".env": ""}, LocalVars{})
	want := ".dev.vars.s .dev.vars .env .env.local .env.s .env.s.local"
	if got := strings.ReplaceAll(strings.Join(files.Looked, " "), dir+string(filepath.Separator), ""); got != want {
		t.Errorf("looked for %s, want %s", got, want)
	}
}

// Whatever is wrong with a file of secrets, no diagnostic shows any of it.
func TestLocalVarsProblems(t *testing.T) {
	for _, tt := range []struct{ name, file, text, config, want string }{
		{"misread", ".dev.vars", "A=hush\nhush hush\n", "", ".dev.vars:2:1: .* neither NAME=value nor a comment"},
		{"encoding", ".dev.vars", "A=hush\xffhush\n", "", ".dev.vars:1:7: invalid UTF-8"},
		{"folder", ".dev.vars/x", "", "", "Could not read file: .dev.vars"},
		{"laughs", ".env", "A=hush" + strings.Repeat("x", 1<<19) + "\n" + numbered("B%d=$A\n", 1000), "", "variables refer to each other"},
		{"missing secrets", ".dev.vars", "B=hush", "secrets.required = [\"A\", \"B\", \"C\"]", "Missing required secrets: A, C"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, problems, _ := localVarsOf(t, tt.config, "", Overrides{}, map[string]string{tt.file: tt.text}, LocalVars{})
			if len(problems) != 1 {
				t.Fatalf("problems %v", problems)
			}
			var b strings.Builder
			diag.WriteHuman(&b, problems, diag.HumanOptions{})
			text := problems[0].Location.String() + ": " + problems[0].Message
			if !matches(t, tt.want, text) || strings.Contains(b.String(), "hush") {
				t.Errorf("got %s\n%s", text, b.String())
			}
		})
	}
	_, _, problems, _ := localVarsOf(t, "", "", Overrides{}, nil, LocalVars{Files: []string{"absent.env"}})
	if !problems.HasErrors() {
		t.Errorf("a file that was asked for and is absent: %v", problems)
	}
}

func TestOverrides(t *testing.T) {
	f := load(t, "wrangler.toml", `
name = "w"
main = "a.js"
compatibility_date = "2022-06-30"
compatibility_flags = ["a"]
vars = { A = 1, B = "b" }
define = { X = "1", Y = "2" }
durable_objects.bindings = [{ name = "D", class_name = "D", script_name = "other" }]
[env.s]
`)
	o := Overrides{
		Name: "other", CompatibilityDate: "2023-01-02", CompatibilityFlags: []string{"b", "c"},
		Vars: map[string]string{"A": "x", "C": ""}, Define: map[string]string{"Y": "3", "Z": "4"},
	}
	w, problems := f.Resolve("", o)
	if len(problems) != 1 || problems[0].Code != "no-migration" { // D is now the script's own class
		t.Errorf("problems %v", problems)
	}
	got := fmt.Sprintf("%s %s %v %v %v %v %q", w.Name, w.CompatibilityDate, w.CompatibilityFlags, w.Define, w.Vars[0].Value, w.Vars[2].Value, w.DurableObjects[0].Script)
	if want := `other 2023-01-02 [b c] map[X:1 Y:3 Z:4] x  ""`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if w, _ := f.Resolve("s", o); w.Name != "other" || len(w.Vars) != 2 || len(w.Define) != 2 {
		t.Errorf("in an environment: %+v", w)
	}
	for _, bad := range []Overrides{{Name: "No Name"}, {CompatibilityDate: "soon"}} {
		if _, problems := f.Resolve("", bad); !problems.HasErrors() {
			t.Errorf("%+v was taken", bad)
		}
	}
}
