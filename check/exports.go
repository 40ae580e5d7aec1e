package check

import (
	"slices"

	"paddock/bundle"
	"paddock/config"
	"paddock/internal/diag"
	"paddock/migrate"
)

// declarations warns of declared classes that no deployment would take,
// whatever there is at its target.
func declarations(w *config.Worker) diag.List {
	var list diag.List
	for _, e := range w.Exports {
		i := slices.IndexFunc(w.Exports, func(other migrate.Export) bool { return other.Class == e.RenamedTo })
		switch {
		case e.State == migrate.StateRenamed && (i < 0 || w.Exports[i].State != migrate.StateCreated):
			list = append(list, diag.Warningf("renamed-to-nothing", e.Location,
				"the class %q is renamed to %q, which has no live entry in `exports`", e.Class, e.RenamedTo).
				WithHint("A deployment is refused. Declare the new class as well: its type is \"durable-object\", and its storage that of the old one."))
		case w.Name != "" && (e.TransferredTo == w.Name || e.TransferFrom == w.Name):
			list = append(list, diag.Warningf("transfer-from-itself", e.Location, "the class %q is transferred between %q and itself", e.Class, w.Name).
				WithHint("A deployment is refused. Within a script a class is renamed: its state is \"renamed\"."))
		}
	}
	return list
}

// stillExported warns of classes that are declared as deleted and that the code
// still has.
func stillExported(w *config.Worker, built *bundle.Result) diag.List {
	var list diag.List
	for _, e := range w.Exports {
		if e.State == migrate.StateDeleted && slices.Contains(built.Exports, e.Class) {
			list = append(list, diag.Warningf("deleted-class-exported", e.Location,
				"the class %q is declared as deleted, but is exported in your entrypoint file", e.Class).
				WithHint("A deployment is refused. Remove the class from the code."))
		}
	}
	return list
}
