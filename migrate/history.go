package migrate

import (
	"cmp"
	"slices"

	"paddock/internal/diag"
)

// History plays a list of migrations from its start, to find out which classes
// it leads to and which directives do not fit the ones before. Its methods are
// called in the order of the list and, within an entry, in Wrangler's: deletes,
// renames, new classes, transfers. The zero value is the history of a script
// that nobody has published.
//
// It only warns, in the words in which Wrangler refuses: a class may have been
// created before the list began, or from the command line.
type History struct {
	classes  map[string]Class
	gone     map[string]diag.Location // where a class was deleted or renamed away
	problems diag.List
}

// Class is a Durable Object class of a script.
type Class struct {
	Name     string
	SQLite   bool          // its objects may use SQL
	Location diag.Location // what brought it
}

// Delete is one of deleted_classes.
func (h *History) Delete(class string, at diag.Location) { h.leave("deleted_classes", class, at) }

// Rename is one of renamed_classes. A class that is not known is taken for one
// from before the list.
func (h *History) Rename(from string, fromAt diag.Location, to string, toAt diag.Location) {
	was := h.leave("renamed_classes", from, fromAt)
	h.enter("renamed_classes", Class{to, was.SQLite, toAt})
}

// Create is one of new_classes or, if sqlite, of new_sqlite_classes.
func (h *History) Create(class string, sqlite bool, at diag.Location) {
	directive := "new_classes"
	if sqlite {
		directive = "new_sqlite_classes"
	}
	h.enter(directive, Class{class, sqlite, at})
}

// Transfer is one of transferred_classes, with the name that the class gets.
// It counts as key-value storage, as the list does not say what it is at its
// source.
func (h *History) Transfer(to string, at diag.Location) {
	h.enter("transferred_classes", Class{to, false, at})
}

// Classes returns the classes that exist now, by name.
func (h *History) Classes() []Class {
	list := make([]Class, 0, len(h.classes))
	for _, c := range h.classes {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Class) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// Problems returns warnings of directives that do not fit, as they came.
func (h *History) Problems() diag.List { return h.problems }

func (h *History) leave(directive, name string, at diag.Location) Class {
	was, known := h.classes[name]
	if !known {
		d := diag.Warningf("migration-history", at, "Cannot apply %s migration to non-existent class %s", directive, name)
		if gone, before := h.gone[name]; before {
			d = d.WithRelated("it was deleted or renamed before", gone)
		} else {
			d = d.WithHint("No earlier entry of the list introduces it. That is right only if it was created before the list began.")
		}
		h.problems = append(h.problems, d)
	}
	delete(h.classes, name)
	if h.gone == nil {
		h.gone = make(map[string]diag.Location)
	}
	h.gone[name] = at
	return was
}

// enter adds a class. One that exists already stays what it is: creating it
// again does not change how it stores.
func (h *History) enter(directive string, c Class) {
	before, known := h.classes[c.Name]
	if known {
		h.problems = append(h.problems, diag.Warningf("migration-history", c.Location,
			"Cannot apply %s migration to existing class %s", directive, c.Name).
			WithRelated("it was introduced here", before.Location))
		if directive != "renamed_classes" {
			c.SQLite = before.SQLite
		}
	}
	if h.classes == nil {
		h.classes = make(map[string]Class)
	}
	h.classes[c.Name] = c
	delete(h.gone, c.Name)
}
