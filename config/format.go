package config

// format is the syntax of a string.
type format struct {
	doc     string // what it is called in the documentation
	pattern string // a regular expression for the JSON schema, "" if none says it
	check   func(*checker, *node)
}

var (
	// A binding is a name that a Worker finds in its env.
	bindingFormat  = format{doc: "binding name", pattern: "^.+$", check: checkNonEmpty}
	nonEmptyFormat = format{doc: "not empty", pattern: "^.+$", check: checkNonEmpty}
	pathFormat     = format{doc: "path"}
	nameFormat     = format{doc: "script name", pattern: "^([a-z0-9_][a-z0-9_-]*)?$", check: checkName}
	dateFormat     = format{doc: "date", pattern: `^\d{4}(-\d{1,2}(-\d{1,2})?)?$`}
	cronFormat     = format{doc: "cron expression", check: checkCron}
	bucketFormat   = format{doc: "bucket name", pattern: "^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", check: checkBucket}
	workflowFormat = format{doc: "workflow name", pattern: "^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$", check: checkWorkflowName}
)

func checkNonEmpty(c *checker, n *node) {
	if n.text() == "" {
		c.errorf("bad-value", n.at(), "%q is empty", n.path())
	}
}
