package check

import (
	"sync"

	"paddock/config"
)

// Describe returns a sentence about the code of a diagnostic for a person who
// meets it for the first time, or "" for one of the bundler's own.
func Describe(code string) string { return descriptions()[code] }

// descriptions is made when it is needed, and not at every start.
var descriptions = sync.OnceValue(func() map[string]string {
	all := make(map[string]string)
	for _, c := range config.Codes() {
		all[c.Name] = c.Doc
	}
	for _, c := range codes() {
		all[c[0]] = c[1]
	}
	return all
})

// codes are those of this package, of the bundler's plugins and of comparisons
// of migrations, each with its sentence.
func codes() [][2]string {
	return [][2]string{
		{"against-unreadable", "The configuration of an older revision cannot be read, so that migrations are not compared."},
		{"build-failed", "The code cannot be bundled."},
		{"class-not-exported", "A Durable Object class is not exported by the entry point."},
		{"deleted-class-exported", "A class that is declared as deleted is still in the code."},
		{"duplicate-route", "A Worker has a route twice."},
		{"entry-is-directory", "The entry point is a folder."},
		{"entry-missing", "There is no entry point."},
		{"entry-not-found", "The file of the entry point does not exist."},
		{"entrypoint-not-exported", "A Worker binds an entrypoint of its own that it does not export."},
		{"future-date", "The compatibility date has not come yet."},
		{"git-failed", "git did not give what an older revision has."},
		{"migration-edited", "A migration that may have been applied has been edited."},
		{"migration-inserted", "A new migration stands before some that may have been applied."},
		{"migration-removed", "A migration that may have been applied is gone."},
		{"migration-reordered", "Migrations that may have been applied are in another order."},
		{"no-handlers", "The entry point exports nothing."},
		{"node-builtin", "A module of Node.js is imported without the compatibility flag for it."},
		{"overlapping-routes", "Routes of two environments overlap."},
		{"renamed-to-nothing", "A class is declared as renamed to one that does not live."},
		{"secret-in-vars", "A variable seems to hold a secret."},
		{"service-worker", "Durable Objects need a Worker that is an ES module."},
		{"shared-route", "A route belongs to two environments."},
		{"transfer-from-itself", "A script takes over a class from itself."},
		{"unknown-revision", "git does not know the revision to compare with."},
		{"unresolved-import", "An import leads nowhere."},
	}
}
