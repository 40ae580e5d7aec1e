package config

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"paddock/internal/diag"
)

// LocalVars says where a session in dev finds variables beside those of the
// configuration.
type LocalVars struct {
	Files   []string // to read in place of the usual ones, relative to the configuration's folder
	Environ []string // of the process, as os.Environ gives it
}

// VarFiles are the files that AddLocalVars looked for, as absolute paths.
type VarFiles struct {
	Looked []string // all of them, also those that do not exist
	Used   []string
}

// AddLocalVars gives the Worker the variables that lie in files beside its
// configuration, and that are never published: of .dev.vars.<environment> or
// .dev.vars, or else of .env, .env.local, .env.<environment> and
// .env.<environment>.local, the later ones before the earlier. They go before
// variables of the configuration, and after those of [Overrides]. Where the
// configuration lists its secrets, others are left out, and the process's
// environment counts as well.
//
// The diagnostics never show what is in a file.
func (w *Worker) AddLocalVars(o LocalVars) (VarFiles, diag.List) {
	l := &localVars{worker: w, options: o, environ: make(map[string]string), index: make(map[string]int)}
	for _, pair := range o.Environ {
		name, value, _ := strings.Cut(pair, "=")
		l.environ[name] = value
	}
	found := len(o.Files) == 0 && l.devVars()
	if !found && l.environ["CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV"] != "false" {
		l.dotEnv()
	}
	l.merge()
	return l.files, l.problems
}

// localVars is one run of AddLocalVars.
type localVars struct {
	worker   *Worker
	options  LocalVars
	environ  map[string]string
	vars     []Var          // in the order in which they were found, each name once
	index    map[string]int // of a name in vars
	files    VarFiles
	problems diag.List
}

// devVars reads the first of the .dev.vars files that is there.
func (l *localVars) devVars() (found bool) {
	names := []string{".dev.vars"}
	if env := l.worker.Env; env != "" {
		names = []string{".dev.vars." + env, ".dev.vars"}
	}
	for _, name := range names {
		if !found {
			found = l.read(name, true)
		} else {
			l.files.Looked = append(l.files.Looked, l.path(name))
		}
	}
	return found
}

// dotEnv reads all .env files and expands what their values refer to.
func (l *localVars) dotEnv() {
	names := l.options.Files
	if len(names) == 0 {
		names = []string{".env", ".env.local"}
		if env := l.worker.Env; env != "" {
			names = append(names, ".env."+env, ".env."+env+".local")
		}
	}
	for _, name := range names {
		// A missing file is an error only if somebody asked for it.
		if !l.read(name, false) && len(l.options.Files) > 0 {
			l.problems = append(l.problems, diag.Errorf("variables-unreadable", diag.Location{}, "Could not read file: %s: there is no such file", name))
		}
	}
	process := map[string]string{}
	if l.worker.hasSecrets || l.environ["CLOUDFLARE_INCLUDE_PROCESS_ENV"] == "true" {
		process = l.environ
	}
	known, size := make(map[string]string), 0
	lookup := func(name string) string { return cmp.Or(process[name], known[name]) }
	for i := range l.vars {
		v := &l.vars[i]
		if set := process[v.Name]; set != "" {
			v.Value = set
		} else {
			v.Value = expand(v.Value.(string), lookup)
		}
		known[v.Name] = v.Value.(string)
		if size += len(known[v.Name]); size > maxSize {
			l.problems = append(l.problems, diag.Errorf("variables-unreadable", v.Location, "the variables refer to each other until they are larger than %d MiB", maxSize>>20))
			return
		}
	}
	for name, value := range process {
		if _, there := known[name]; !there {
			l.set(Var{Name: name, Value: value, Secret: true})
		}
	}
}

func (l *localVars) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(l.worker.varsDir, name)
}

// read takes in a file and reports whether it is there. Wrangler stops at a
// .dev.vars that it cannot read, and passes over such an .env.
func (l *localVars) read(name string, strict bool) (found bool) {
	path := l.path(name)
	l.files.Looked = append(l.files.Looked, path)
	text, err := readText(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		d := diag.Errorf("variables-unreadable", diag.Location{File: name}, "Could not read file: %s: %v", name, reason(err))
		if !strict {
			d.Severity = diag.Warning
		}
		l.problems = append(l.problems, d)
		return true
	}
	l.files.Used = append(l.files.Used, path)
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(text, "\ufeff"))
	src := diag.NewSource(name, text)
	if bad := checkEncoding(src); bad != nil {
		bad.Location = hidden(bad.Location)
		l.problems = append(l.problems, *bad)
		return true
	}
	vars, misread := parseDotenv(text)
	for _, v := range vars {
		at := hidden(src.Location(v.offset, v.offset+len(v.name)))
		l.set(Var{Name: v.name, Value: v.value, Secret: true, Location: at})
	}
	for _, offset := range misread[:min(len(misread), maxSyntaxErrors)] {
		at := hidden(src.Location(offset, lineEnd(text, offset)))
		l.problems = append(l.problems, diag.Warningf("misread-variables", at, "%s: this line is neither NAME=value nor a comment, and is ignored", name))
	}
	return true
}

// hidden leaves out the text of a line, which may be a secret.
func hidden(at diag.Location) diag.Location {
	at.LineText = ""
	return at
}

// set puts in a variable in the place of an earlier one of its name.
func (l *localVars) set(v Var) {
	if i, there := l.index[v.Name]; there {
		l.vars[i] = v
		return
	}
	l.index[v.Name] = len(l.vars)
	l.vars = append(l.vars, v)
}

// merge brings the variables that were found into the Worker.
func (l *localVars) merge() {
	w := l.worker
	merged := make(map[string]Var)
	for _, v := range w.Vars {
		merged[v.Name] = v
	}
	bound := func(name string) bool {
		return slices.ContainsFunc(w.DurableObjects, func(d DurableObject) bool { return d.Name == name })
	}
	have := make(map[string]bool)
	for _, v := range l.vars {
		have[v.Name] = true
		old, there := merged[v.Name]
		wanted := there || !w.hasSecrets || slices.Contains(w.requiredSecrets, v.Name)
		if wanted && !old.overridden && !bound(v.Name) {
			merged[v.Name] = v
		}
	}
	w.Vars = sortedVars(merged)
	var missing []string
	for _, name := range w.requiredSecrets {
		if !have[name] {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		l.problems = append(l.problems, diag.Warningf("missing-secret", w.secretsAt, "Missing required secrets: %s", strings.Join(missing, ", ")).
			WithHint("Add them to .dev.vars, .env, or set as environment variables."))
	}
}

func sortedVars(m map[string]Var) []Var {
	var list []Var
	for _, v := range m {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b Var) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
