package migrate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Digest identifies what a step does: 64 hex digits, the SHA-256 of its
// directives in canonical form. Lists of classes are sets and may be written
// in any order; renames and transfers are done one after the other, so that
// their order counts. An absent list is an empty one.
func (s Step) Digest() string {
	for _, set := range []*[]string{&s.NewClasses, &s.NewSQLiteClasses, &s.DeletedClasses} {
		*set = slices.Clone(*set)
		slices.Sort(*set)
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // lists of strings
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Empty reports whether the step has no directive.
func (s Step) Empty() bool {
	return len(s.NewClasses)+len(s.NewSQLiteClasses)+len(s.RenamedClasses)+len(s.DeletedClasses)+len(s.TransferredClasses) == 0
}

// Snippet returns the step as an entry of the list of migrations, in the
// format of the configuration file with this name: JSON, or else TOML.
func (s Step) Snippet(tag, file string) string {
	if ext := filepath.Ext(file); ext == ".json" || ext == ".jsonc" {
		text, err := json.MarshalIndent(struct {
			Tag string `json:"tag,omitempty"`
			Step
		}{tag, s}, "", "  ")
		if err != nil {
			panic(err) // lists of strings
		}
		return string(text)
	}
	lines := []string{"[[migrations]]"}
	if tag != "" {
		lines = append(lines, "tag = "+strconv.Quote(tag))
	}
	list := func(key string, items []string) {
		if len(items) > 0 {
			lines = append(lines, key+" = ["+strings.Join(items, ", ")+"]")
		}
	}
	list("new_classes", quoted(s.NewClasses))
	list("new_sqlite_classes", quoted(s.NewSQLiteClasses))
	list("renamed_classes", each(s.RenamedClasses, func(r Rename) string {
		return fmt.Sprintf("{ from = %q, to = %q }", r.From, r.To)
	}))
	list("deleted_classes", quoted(s.DeletedClasses))
	list("transferred_classes", each(s.TransferredClasses, func(t Transfer) string {
		return fmt.Sprintf("{ from = %q, from_script = %q, to = %q }", t.From, t.FromScript, t.To)
	}))
	return strings.Join(lines, "\n")
}

func quoted(names []string) []string { return each(names, strconv.Quote) }

func each[T any](items []T, text func(T) string) []string {
	var list []string
	for _, item := range items {
		list = append(list, text(item))
	}
	return list
}
