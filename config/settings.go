package config

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"time"

	"paddock/internal/diag"
)

// The functions in this file read the plain settings of a Worker.

const nameRule = "Expected %q to be of type string, alphanumeric and lowercase with dashes only but got %s"

func readName(r *reader, n *node, d *draft) {
	if !n.is(kindString) || n.value != "" && !ValidName(n.value.(string)) {
		r.errorf("bad-name", n.at(), nameRule, n.path(), n.quote())
		return
	}
	d.name = n
	d.Name = n.value.(string)
}

// finishName appends the environment's name to the top-level name, unless the
// environment has a name of its own. What that makes is checked here, as
// Wrangler 1 did; the later ones find out from the server.
func (r *resolver) finishName(out *reader, d *draft) {
	if r.env == "" || d.Name == "" || d.name.inEnv() {
		return
	}
	d.Name += "-" + r.env
	if ValidName(d.Name) {
		return
	}
	at := d.name.at()
	if r.table != nil {
		at = r.table.keyAt()
	}
	out.report(diag.Errorf("bad-name", at, nameRule, "name", literal(d.Name)).
		WithHint("The environment's name is appended to the top-level name. Give the environment a \"name\" of its own, or another name."))
}

var (
	datePattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	dashes      = regexp.MustCompile(`[–—]`)
)

func readCompatibilityDate(r *reader, n *node, d *draft) {
	date := n.value.(string)
	switch {
	case dashes.MatchString(date):
		r.errorf("bad-date", n.at(), "%q field should use ISO-8601 accepted hyphens (-) rather than en-dashes (–) or em-dashes (—)", n.path())
	case !validDate(date):
		r.errorf("bad-date", n.at(), "%q field should be a valid ISO-8601 date (YYYY-MM-DD), but got %s", n.path(), n.quote())
	default:
		if n.is(kindDate) {
			r.report(diag.Warningf("bare-date", n.at(), "%q is a TOML date; Wrangler wants a string", n.path()).
				WithHint("Write it in quotation marks: %q", date))
		}
		d.CompatibilityDate, d.DateLocation = date, n.at()
	}
}

func validDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil && datePattern.MatchString(s)
}

func (r *resolver) finishDate(out *reader, d *draft) {
	if d.CompatibilityDate != "" {
		return
	}
	d.CompatibilityDate, d.DateLocation = DefaultCompatibilityDate, diag.Location{File: r.file.src.Name}
	for _, level := range []*node{r.file.root, r.table} {
		if level.get("compatibility_date") != nil {
			return // it is there and wrong, which has been said
		}
	}
	out.report(diag.Warningf("no-compatibility-date", diag.Location{File: r.file.src.Name},
		"missing compatibility_date, so a past date is assumed: %s", DefaultCompatibilityDate).
		WithHint("To keep that behaviour, or to choose a later one, add to the top of %s:\n%s",
			r.file.src.Name, r.file.dateSnippet(DefaultCompatibilityDate)))
}

func readCompatibilityFlags(r *reader, n *node, d *draft) {
	d.CompatibilityFlags = nil
	seen := make(map[string]bool)
	for _, e := range r.strings(n) {
		flag := e.value.(string)
		// The engine refuses to start with a flag that is given twice.
		if seen[flag] {
			r.warnf("duplicate-flag", e.at(), "the compatibility flag %q stands twice", flag)
			continue
		}
		seen[flag] = true
		d.CompatibilityFlags = append(d.CompatibilityFlags, flag)
	}
}

func readMinify(r *reader, n *node, d *draft) { d.Minify = r.boolean(n) }

func readDefine(r *reader, n *node, d *draft) {
	d.Define = make(map[string]string)
	for _, e := range n.fields() {
		if !e.is(kindString) {
			r.errorf("wrong-type", e.at(), "The field %q should be a string but got %s", e.path(), e.quote())
			continue
		}
		d.Define[e.name] = e.value.(string)
	}
}

// readObservability reads whether the Worker's events are collected. Wrangler
// takes logs.enabled for it when enabled itself is absent.
func readObservability(r *reader, n *node, d *draft) {
	r.onlyKeys(n, "enabled", "head_sampling_rate", "logs", "traces", "issues", "redact_query_string")
	on := n.get("enabled")
	for _, name := range []string{"logs", "traces", "issues"} {
		sub := n.get(name)
		if sub == nil || !r.expect(sub, kindTable) {
			continue
		}
		r.boolean(sub.get("enabled"))
		r.samplingRate(sub.get("head_sampling_rate"))
		if name == "logs" && on == nil {
			on = sub.get("enabled")
		}
	}
	r.samplingRate(n.get("head_sampling_rate"))
	d.Observability = r.boolean(on)
}

func (r *reader) samplingRate(n *node) {
	if n == nil || !r.expect(n, kindNumber) {
		return
	}
	if rate := n.number(); !(rate >= 0 && rate <= 1) {
		r.errorf("out-of-range", n.at(), "%q must be a value between 0 and 1 but got %s", n.path(), n.quote())
	}
}

// number returns the value of a kindInt or kindFloat node.
func (n *node) number() float64 {
	if i, ok := n.value.(int64); ok {
		return float64(i)
	}
	return n.value.(float64)
}

// devKeys are the settings of [dev] and whether they are acted on.
var devKeys = map[string]bool{
	"ip": true, "port": true,
	"container_engine": false, "enable_containers": false, "generate_types": false, "host": false,
	"inspector_ip": false, "inspector_port": false, "local_protocol": false, "upstream_protocol": false,
}

func readDev(r *reader, n *node, d *draft) {
	r.onlyKeys(n, slices.Sorted(maps.Keys(devKeys))...)
	for _, e := range n.fields() {
		if reads, known := devKeys[e.name]; known && !reads {
			r.inactive(e, "")
		}
	}
	d.Dev.IP = r.str(n.get("ip"))
	port := n.get("port")
	if port == nil || !r.expect(port, kindNumber) {
		return
	}
	p := port.number()
	if p != math.Trunc(p) || !(p >= 0 && p <= math.MaxUint16) {
		r.errorf("out-of-range", port.at(), "Expected %q to be a port, 0 to 65535, but got %s", port.path(), port.quote())
		return
	}
	d.Dev.Port = int(p)
}

// readType reads the project type of Wrangler 1.
func readType(r *reader, n *node, _ *draft) {
	switch t := n.value.(string); t {
	case "javascript":
	case "rust", "webpack":
		r.report(diag.Errorf("unsupported-field", n.at(), "paddock does not support projects of type %q", t).
			WithHint("Set \"main\" to the JavaScript or TypeScript entry point; paddock bundles it itself. \"type\" can go."))
	default:
		r.errorf("bad-value", n.at(), "Expected %q field to be one of [\"javascript\",\"webpack\",\"rust\"] but got %s", n.path(), n.quote())
	}
}

func readLegacyEnv(r *reader, n *node, _ *draft) {
	if n.value == false {
		r.report(diag.Errorf("removed-field", n.keyAt(), "The %q field is no longer supported", n.path()).
			WithHint("Service environments are gone. Remove it; each environment is a script of its own."))
		return
	}
	r.warnf("removed-field", n.keyAt(), "The %q field is no longer supported, and true is what happens anyway", n.path())
}

func readNodeCompat(r *reader, n *node, _ *draft) {
	if n.value == true {
		r.report(diag.Errorf("removed-field", n.keyAt(), "The %q field is no longer supported as of Wrangler v4", n.path()).
			WithHint("Add \"nodejs_compat\" to \"compatibility_flags\" instead."))
	}
}
