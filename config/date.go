package config

import (
	"strings"
	"time"

	"paddock/internal/diag"
)

func checkDate(c *checker, n *node) {
	date, full := completeDate(n.text())
	switch {
	case strings.ContainsAny(n.text(), "–—"):
		c.errorf("bad-date", n.at(), "%q field should use ISO-8601 accepted hyphens (-) rather than en-dashes (–) or em-dashes (—)", n.path())
	case date == "":
		c.errorf("bad-date", n.at(), "%q field should be a valid ISO-8601 date (YYYY-MM-DD), but got %s", n.path(), n.quote())
	case n.is(kindDate):
		c.report(diag.Warningf("bare-date", n.at(), "%q is a TOML date; Wrangler wants a string", n.path()).
			WithHint("Write it in quotation marks: %q", date))
	case !full:
		c.report(diag.Warningf("short-date", n.at(), "%q is not a whole date", n.path()).
			WithHint("It is taken for %q, but the platform may refuse it. Write it so.", date))
	}
}

// completeDate returns a date in the form YYYY-MM-DD, and whether it was
// written so. Wrangler takes whatever JavaScript takes for a date, of which
// the forms that lack a zero or an end are understood here, too. It returns ""
// for what is no date.
func completeDate(s string) (date string, full bool) {
	for _, layout := range [...]string{time.DateOnly, "2006-1-2", "2006-1", "2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Format(time.DateOnly), layout == time.DateOnly
		}
	}
	return "", false
}

func readCompatibilityDate(d *draft, n *node) {
	if date, _ := completeDate(n.text()); date != "" {
		d.CompatibilityDate, d.DateLocation = date, n.at()
	}
}

func (r *resolver) finishDate(c *checker, d *draft) {
	file := diag.Location{File: r.file.src.Name}
	if date := r.overrides.CompatibilityDate; date != "" {
		d.CompatibilityDate, _ = completeDate(date)
		d.DateLocation = diag.Location{}
		if d.CompatibilityDate == "" {
			c.errorf("bad-date", diag.Location{}, "--compatibility-date should be a valid ISO-8601 date (YYYY-MM-DD), but got %s", literal(date))
		}
	}
	if d.CompatibilityDate != "" {
		return
	}
	d.CompatibilityDate, d.DateLocation = DefaultCompatibilityDate, file
	if r.values["compatibility_date"] != nil || r.overrides.CompatibilityDate != "" {
		return // it is there and wrong, which has been said
	}
	c.report(diag.Warningf("no-compatibility-date", file,
		"missing compatibility_date, so a past date is assumed: %s", DefaultCompatibilityDate).
		WithHint("To keep that behaviour, or to choose a later one, add to the top of %s:\n%s",
			r.file.src.Name, r.file.dateSnippet(DefaultCompatibilityDate)))
}

func checkFlags(c *checker, n *node) {
	first := make(map[string]*node)
	for _, e := range n.elements() {
		flag := e.text()
		if first[flag] == nil {
			first[flag] = e
			continue
		}
		// The engine refuses to start with a flag that is given twice.
		c.report(diag.Warningf("duplicate-flag", e.at(), "the compatibility flag %q stands twice", flag).
			WithRelated("the first one is here", first[flag].at()))
	}
}

// unique returns each text of a list once.
func unique(list []string) []string {
	var result []string
	seen := make(map[string]bool)
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			result = append(result, s)
		}
	}
	return result
}
