package config

// field declares one key of a configuration: all that decoding, inheritance,
// validation, docs/CONFIG.md and the JSON schema know of it.
//
// The tables of fields are package variables made of constants only, which the
// compiler lays into the binary: a process pays nothing for those that it does
// not look at.
type field struct {
	name  string
	old   string // another name, which Wrangler 1 gave it
	class class  // for fields of the top level
	*shape
	must  bool   // the table is nothing without it
	def   string // what counts when it is absent, for the documentation
	since string // the first release of Wrangler that knows it
	until string // the last generation of Wrangler that does, "" if it still does
	doc   string // one line
	// deprecated says what to write instead. Using the field is warned of.
	deprecated string

	do    handling
	usual any    // of an inactive field, the value that is what paddock does anyway
	hint  string // what to do instead, for inactive and unsupported fields

	label    string // Wrangler's name for the bindings in the field
	partly   bool   // environments are told which entries of the top level they lack
	override bool   // a topLevel field that an environment may replace all the same

	read func(*draft, *node) // takes the value that counts into the Worker
}

// class says how environments see a field.
type class int

const (
	// A topLevel field stands at the top level only and holds for all
	// environments.
	topLevel class = iota
	// An inheritable field may stand in an environment, whose value replaces
	// that of the top level whole.
	inheritable
	// A notInherited field counts for the level at which it stands only.
	notInherited
)

// handling says what paddock does with a field.
type handling int

const (
	acted       handling = iota // the Worker runs accordingly
	ignored                     // has no meaning for a local run; accepted without a word
	inactive                    // has one, but is not acted on: a warning of Unsupported
	unsupported                 // the Worker would not run as written: an error of Unsupported
)

// shape is what a value may look like. A value of several kinds, such as a
// route, has the parts of each: fields for the table, elem for the array.
type shape struct {
	kinds  kind     // the accepted kinds
	elem   *shape   // of the elements of an array; nil: anything
	fields []*field // of a table
	values *shape   // of the values of a table whose keys are free
	keys   *format  // of such keys
	open   bool     // a table may have other keys, too
	format *format  // of a string
	enum   []string
	min    float64 // of a number, where max > min
	max    float64
	whole  bool // a number must be an integer
	// want ends the sentence "Expected … to be", for shapes that the names of
	// the kinds do not describe.
	want string
	// wrong is the whole message for a value of another kind, with verbs for
	// the path and the value, where Wrangler has one of its own.
	wrong string
	// entry marks an entry of a list of bindings, whose problems Wrangler
	// words by the entry. It stands between the entry's path and "should".
	entry string
	// check looks at what the rest cannot say. It also sees values that have
	// been found wrong.
	check func(*checker, *node)
}

// unlimited is the max of a number that has only a min.
const unlimited = 1 << 53

// The usual shapes.
var (
	aText   = shape{kinds: kindString}
	aPath   = shape{kinds: kindString, format: &pathFormat}
	aBool   = shape{kinds: kindBool}
	aNumber = shape{kinds: kindNumber}
	texts   = shape{kinds: kindArray, elem: &aText, want: "an array of strings"}
	names   = shape{kinds: kindArray, elem: &aName, want: "an array of strings"}
	aName   = shape{kinds: kindString, format: &nonEmptyFormat}
	textMap = shape{kinds: kindTable, values: &aText}
	pathMap = shape{kinds: kindTable, values: &aPath, keys: &bindingFormat}
	anyMap  = shape{kinds: kindTable, open: true}
	anyJSON = shape{kinds: kindAny, open: true}
)

// theme is a part of the table, with the heading that it has in the
// documentation.
type theme struct {
	title  string
	fields []*field
}

// themes is the table of all fields that a configuration may have at its top
// level or in an environment, each of them once.
func themes() []theme {
	return []theme{
		{"Identity", identityFields},
		{"Environments and variables", variableFields},
		{"Building", buildFields},
		{"Durable Objects", durableFields},
		{"Routes and triggers", routeFields},
		{"Storage and messaging bindings", storageFields},
		{"Workers, workflows and containers", workerFields},
		{"Other bindings", serviceFields},
		{"Assets and sites", assetFields},
		{"Observability, limits and placement", platformFields},
		{"Local development", devFields},
		{"Wrangler and the dashboard", toolFields},
		{"Fields that Wrangler has given up", formerFields},
	}
}

// each calls do with every field of the table.
func each(do func(*field)) {
	for _, t := range themes() {
		for _, f := range t.fields {
			do(f)
		}
	}
}

// lookup finds a field by one of its names, or returns nil.
func lookup(name string) *field {
	for _, t := range themes() {
		if f := find(t.fields, name); f != nil {
			return f
		}
	}
	return nil
}

// find finds a field of a table by one of its names, or returns nil.
func find(fields []*field, name string) *field {
	for _, f := range fields {
		if f.name == name || f.old == name && name != "" {
			return f
		}
	}
	return nil
}

// in returns the field's value in a table, whatever it is called there.
func (f *field) in(table *node) *node {
	if n := table.get(f.name); n != nil || f.old == "" {
		return n
	}
	return table.get(f.old)
}
