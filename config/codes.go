package config

// Code is a kind of problem that this package reports. Codes do not change, so
// that a file or a CI can name them.
type Code struct {
	Name string
	Doc  string // one sentence for a person who meets it for the first time
}

// Codes returns all of them, by name.
func Codes() []Code {
	return []Code{
		{"assets-binding", "Assets have a binding, but there is no Worker to use it."},
		{"bad-cron", "A cron expression is not one."},
		{"bad-date", "A compatibility date is not a date."},
		{"bad-name", "A name is none that a script may have."},
		{"bad-route", "A route has not the form of one."},
		{"bad-value", "A value is of the right type, but not among those that are allowed."},
		{"bare-date", "A date is not written as a string."},
		{"config-shadowed", "A configuration nearer by is not used, because of its name."},
		{"config-suffix", "A file's name does not say in which syntax it is."},
		{"config-unreadable", "A file cannot be read."},
		{"deprecated-field", "A field has been replaced by another."},
		{"duplicate-binding", "Two bindings of a Worker have one name."},
		{"duplicate-container", "Two containers have one name or one class."},
		{"duplicate-flag", "A compatibility flag stands twice."},
		{"duplicate-key", "A key of JSON stands twice, and the first one is lost."},
		{"duplicate-port", "Two entries of connect have one port."},
		{"duplicate-tag", "Two migrations have one tag."},
		{"duplicate-workflow", "Two workflows have one name."},
		{"empty-field", "A field is empty, which is as if it were not there."},
		{"encoding", "A file is not UTF-8."},
		{"env-migrations", "An environment has migrations of its own."},
		{"exclusive-fields", "Fields exclude each other."},
		{"experimental", "A field may change or break at any time."},
		{"forbidden-field", "An exported class has a key that does not go with its state."},
		{"inactive-field", "paddock does not act on a field; the Worker runs without it."},
		{"inherited-domains", "An environment inherits custom domains, which can belong to one Worker only."},
		{"json-syntax", "A file is not JSON, comments and trailing commas aside."},
		{"migration-history", "A migration does not fit the ones before it."},
		{"misread-variables", "A line of a file of variables is neither a variable nor a comment."},
		{"missing-field", "A field that is needed is missing."},
		{"missing-secret", "A secret that the Worker needs has no value."},
		{"more-problems", "There are more problems than are listed."},
		{"native-binding", "An unsafe binding has a field of its own."},
		{"nested-env", "An environment has environments."},
		{"no-compatibility-date", "There is no compatibility date."},
		{"no-config", "There is no configuration."},
		{"no-migration", "No migration creates a class that is bound."},
		{"not-inherited", "An environment lacks what the top level has, and does not inherit it."},
		{"old-form", "A value has the form of an older generation."},
		{"old-name", "A field has the name of an older generation."},
		{"only-in-environment", "An environment defines what the top level does not."},
		{"out-of-range", "A number is too small or too large."},
		{"overridden-field", "An environment replaces a field that later generations read at the top level only."},
		{"removed-field", "A field is gone, and what it asked for as well."},
		{"reserved-binding", "A binding has a name that is taken."},
		{"same-name", "Two environments are one script."},
		{"shadowed-rule", "A module rule never counts."},
		{"short-date", "A compatibility date lacks zeros or days."},
		{"toml-syntax", "A file is not TOML."},
		{"two-entry-points", "Two fields name different entry points."},
		{"two-names", "A field stands twice, once under its old name."},
		{"unexpected-field", "Nobody knows a field at its place."},
		{"unknown-environment", "There is no environment of that name."},
		{"unlinked-container", "A container and a class do not name each other."},
		{"unsupported-field", "paddock cannot do what a field asks for yet."},
		{"unsupported-format", "paddock does not run the service-worker format."},
		{"unsupported-type", "paddock does not build projects of that type."},
		{"unused-field", "A field has no use."},
		{"variables-unreadable", "A file of variables cannot be read."},
		{"wrong-type", "A value is of another type than expected."},
	}
}
