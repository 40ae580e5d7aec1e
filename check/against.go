package check

import (
	"context"
	"path/filepath"
	"slices"

	"paddock/config"
	"paddock/internal/diag"
	"paddock/migrate"
)

// compare holds the list of migrations against that of a git revision. All
// environments have the same one.
func (p *project) compare(ctx context.Context) diag.List {
	if slices.ContainsFunc(p.workers, func(w *config.Worker) bool { return len(w.Exports) > 0 }) {
		return nil // which have taken the place of the list
	}
	// The folder in the repository may be another than the one on the way to
	// it.
	path, err := filepath.EvalSymlinks(p.file.Path)
	if err != nil {
		return diag.FromError(err)
	}
	dir, name := filepath.Split(path)
	old, problem := atRevision(ctx, dir, p.Against, formerNames(name))
	if problem != nil {
		return diag.List{*problem}
	}
	if old.name == "" {
		return nil // the file is new
	}
	file, problems := config.Parse(filepath.Join(dir, old.name), p.Against+":"+old.name, old.text)
	if file == nil {
		return diag.List{diag.Warningf("against-unreadable", diag.Location{File: p.name},
			"the migrations are not compared: %s cannot be read as it is in %s", old.name, p.Against).
			WithHint("%s", problems.Err())}
	}
	w, _ := file.Resolve("", config.Overrides{})
	return migrate.Compare(w.Migrations, p.Against, p.workers[0].Migrations, diag.Location{File: p.name})
}

// formerNames returns the names under which a configuration may have been
// before: its own, or one in another format.
func formerNames(name string) []string {
	names := []string{name}
	usual := config.Names()
	if slices.Contains(usual, name) {
		for _, other := range usual {
			if other != name {
				names = append(names, other)
			}
		}
	}
	return names
}
