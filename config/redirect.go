package config

import (
	"os"
	"path/filepath"

	"paddock/internal/diag"
)

// redirectFile is where a build tool, such as the Vite plugin, says which
// configuration it has made of the user's.
var redirectFile = filepath.Join(".wrangler", "deploy", "config.json")

// LoadBuilt is [Load] for whoever runs or ships a Worker: where no path is
// given and a build tool has made a configuration of the one that is found, it
// returns that. Such a configuration is made for one environment, so Resolve
// does not apply one again, and refuses another.
func LoadBuilt(dir, path string) (*File, diag.List) {
	dir, err := filepath.Abs(dir)
	if path != "" || err != nil {
		return Load(dir, path)
	}
	redirect := findUp(dir, redirectFile)
	if redirect == "" {
		return Load(dir, path)
	}
	user, problems := discover(dir)
	if user == "" {
		problems = nil // the built one will do
	}
	target, wrong := redirectTarget(dir, redirect, user)
	if problems = append(problems, wrong...); problems.HasErrors() {
		return nil, problems
	}
	f, wrong := Load(dir, target)
	problems = append(problems, wrong...)
	if f == nil {
		return nil, problems
	}
	f.UserPath = user
	if user == "" {
		f.UserPath = f.Path
	}
	if env := f.root.get("env"); env != nil && !env.empty() {
		return nil, append(problems, diag.Errorf("bad-redirect", env.keyAt(), "Redirected configurations cannot include environments").
			WithHint("%s points here. The build tool is to make a configuration for one environment.", displayName(dir, redirect)))
	}
	return f, problems
}

// Reload reads the file anew, for the same purpose.
func (f *File) Reload() (*File, diag.List) {
	text, unreadable := readFile(f.Path, f.src.Name)
	if unreadable != nil {
		return nil, diag.List{*unreadable}
	}
	again, problems := Parse(f.Path, f.src.Name, text)
	if again != nil {
		again.UserPath = f.UserPath
	}
	return again, problems
}

// redirectTarget returns the path that a redirect names.
func redirectTarget(dir, redirect, user string) (string, diag.List) {
	name := displayName(dir, redirect)
	refuse := func(at diag.Location, message string, args ...any) (string, diag.List) {
		return "", diag.List{diag.Errorf("bad-redirect", at, message, args...).
			WithHint("%s was made by a build tool. Build again, remove the file, or name a configuration with --config.", name)}
	}
	file := diag.Location{File: name}
	if user != "" && filepath.Dir(user) != filepath.Dir(filepath.Dir(filepath.Dir(redirect))) {
		return refuse(file, "Found both a user configuration file at %s and a deploy configuration file at %s, but these do not share the same base path", displayName(dir, user), name)
	}
	text, err := readText(redirect)
	if err != nil {
		return refuse(file, "Could not read file: %s: %v", name, reason(err))
	}
	f, problems := Parse(redirect, name, text)
	if f == nil {
		_, list := refuse(file, "Failed to parse the deploy configuration file at %s", name)
		return "", append(list, problems...)
	}
	target := f.root.get("configPath")
	if target.text() == "" {
		return refuse(file, "A deploy configuration file was found at %s, but the required \"configPath\" property was not found", name)
	}
	path := filepath.FromSlash(target.text())
	if !filepath.IsAbs(path) {
		path = filepath.Join(f.Dir, path)
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return refuse(target.at(), "The redirected configuration path it points to, %s, does not exist", displayName(dir, path))
	}
	return path, nil
}

// chooseBuilt holds the environment that is asked for against the one that a
// built configuration is for.
func (r *resolver) chooseBuilt() bool {
	target := r.file.root.get("targetEnvironment")
	if target == nil || target.text() == r.env {
		return true
	}
	r.checker(r.env).report(diag.Errorf("unknown-environment", target.at(),
		"You have specified the environment %q, which does not match the target environment %q that was set when the configuration was built", r.env, target.text()).
		WithHint("Build again for %q, or leave the environment away.", r.env))
	return false
}
