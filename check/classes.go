package check

import (
	"fmt"
	"slices"
	"strings"

	"paddock/bundle"
	"paddock/config"
	"paddock/internal/diag"
	"paddock/migrate"
)

// transfers warns of classes that a script would take over from itself. As all
// environments have one list of migrations, the one that a class comes from
// usually is among them.
func transfers(w *config.Worker) diag.List {
	var list diag.List
	for _, m := range w.Migrations {
		for _, t := range m.TransferredClasses {
			if t.FromScript == w.Name && w.Name != "" {
				list = append(list, diag.Warningf("transfer-from-itself", m.Location,
					"Cannot apply --transfer-class migration to class '%s' of this script itself", t.From).
					WithHint("The script %q is the one that applies it. Within a script a class is renamed: renamed_classes = [{ from = %q, to = %q }]",
						w.Name, t.From, t.To))
			}
		}
	}
	return list
}

// foreignClasses warns of bindings to a class that another environment of the
// same file does not have.
func foreignClasses(w *config.Worker, all []*config.Worker) diag.List {
	var list diag.List
	for _, do := range w.DurableObjects {
		i := slices.IndexFunc(all, func(other *config.Worker) bool { return other.Name == do.Script && do.Script != "" })
		if i < 0 || has(all[i].Classes, do.Class) {
			continue
		}
		where := "the top level"
		if env := all[i].Env; env != "" {
			where = "env." + env
		}
		list = append(list, diag.Warningf("no-migration", do.Location,
			"%q binds the class %q of the script %q, for which there is no migration", do.Name, do.Class, do.Script).
			WithHint("The script is that of %s. Without a migration that creates the class, the binding finds no objects.", where))
	}
	return list
}

func has(classes []migrate.Class, name string) bool {
	return slices.ContainsFunc(classes, func(c migrate.Class) bool { return c.Name == name })
}

// unexported warns of classes that exist after all migrations, but not in the
// code. What a binding of any environment names has been reported, and as an
// error, by bundle.CheckExports.
func unexported(w *config.Worker, built *bundle.Result, all []*config.Worker) diag.List {
	var list diag.List
	for _, class := range w.Classes {
		bound := slices.ContainsFunc(all, func(other *config.Worker) bool { return binds(other, class.Name) })
		if bound || slices.Contains(built.Exports, class.Name) {
			continue
		}
		how, remedy := "exists after all migrations", "append a migration that renames or deletes it"
		if len(w.Exports) > 0 {
			how, remedy = "is declared in `exports`", "declare there what has become of it"
		}
		list = append(list, diag.Warningf("class-not-exported", class.Location,
			"the class %q %s, but is not exported in your entrypoint file", class.Name, how).
			WithHint("%s", unexportedHint(class.Name, built.Exports, remedy)))
	}
	return list
}

func unexportedHint(class string, exports []string, remedy string) string {
	for _, name := range exports {
		if strings.EqualFold(name, class) {
			return fmt.Sprintf("Did you mean %q, which is exported?", name)
		}
	}
	return "A deployment is refused. Export the class, or " + remedy + "."
}

// binds reports whether a worker has a binding to a class of its own.
func binds(w *config.Worker, class string) bool {
	return slices.ContainsFunc(w.DurableObjects, func(do config.DurableObject) bool {
		return do.Class == class && do.Script == ""
	})
}
