package config

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestRedirect(t *testing.T) {
	const user = "name = \"user\"\n[env.a]\n"
	const built = `{"name": "w-a", "main": "index.js", "compatibility_date": "2022-06-30", "legacy_env": true, "targetEnvironment": "a"}`
	const redirect = ".wrangler/deploy/config.json"
	for _, tt := range []struct {
		name  string
		files map[string]string
		env   string
		want  string // the Worker's name, or an error
	}{
		{"none", map[string]string{"wrangler.toml": user}, "", "user"},
		{"followed", map[string]string{"wrangler.toml": user, redirect: `{"configPath": "../../dist/w.json"}`, "dist/w.json": built}, "", "w-a"},
		{"the same environment", map[string]string{"wrangler.toml": user, redirect: `{"configPath": "../../dist/w.json"}`, "dist/w.json": built}, "a", "w-a"},
		{"another one", map[string]string{"wrangler.toml": user, redirect: `{"configPath": "../../dist/w.json"}`, "dist/w.json": built}, "b", "does not match the target environment"},
		{"without a user's", map[string]string{redirect: `{"configPath": "../../dist/w.json"}`, "dist/w.json": built}, "", "w-a"},
		{"not JSON", map[string]string{"wrangler.toml": user, redirect: `{`}, "", "Failed to parse the deploy configuration file"},
		{"no path", map[string]string{"wrangler.toml": user, redirect: `{}`}, "", `required "configPath" property was not found`},
		{"no target", map[string]string{"wrangler.toml": user, redirect: `{"configPath": "x.json"}`}, "", "redirected configuration path it points to"},
		{"of another project", map[string]string{"wrangler.toml": user, "p/" + redirect: `{"configPath": "x.json"}`}, "", "do not share the same base path"},
		{"with environments", map[string]string{"wrangler.toml": user, redirect: `{"configPath": "w.json"}`, ".wrangler/deploy/w.json": `{"env": {"a": {"name": "x"}}}`}, "", "Redirected configurations cannot include environments"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range tt.files {
				write(t, filepath.Join(dir, filepath.FromSlash(name)), text)
			}
			from := dir
			if tt.name == "of another project" {
				from = filepath.Join(dir, "p")
			}
			f, problems := LoadBuilt(from, "")
			if f == nil {
				if err := problems.Err(); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				return
			}
			checkBuilt(t, f, tt.env, tt.want)
			again, problems := f.Reload()
			if again == nil {
				t.Fatal(problems)
			}
			checkBuilt(t, again, tt.env, tt.want)
		})
	}
}

func checkBuilt(t *testing.T, f *File, env, want string) {
	t.Helper()
	w, problems := f.Resolve(env, Overrides{})
	if err := problems.Err(); err != nil {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		return
	}
	if w.Name != want || f.UserPath != "" && (w.varsDir == w.Dir) != (f.UserPath == f.Path) {
		t.Errorf("name %q, variables in %s, want %s", w.Name, w.varsDir, want)
	}
	for _, d := range problems {
		if d.Code == "removed-field" {
			t.Errorf("a build tool is told of what it writes: %v", d)
		}
	}
}
