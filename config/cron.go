package config

import (
	"strconv"
	"strings"

	"paddock/internal/diag"
)

// checkCron warns of what does not look like one of Cloudflare's cron
// expressions: five fields of minutes, hours, days, months and weekdays, with
// names for the last two, and Quartz's L, W and #. Wrangler does not look.
func checkCron(c *checker, n *node) {
	if problem := cronProblem(n.text()); n.text() != "" && problem != "" {
		c.report(diag.Warningf("bad-cron", n.at(), "%q is no cron expression: %s", n.path(), problem).
			WithHint("The five fields are minute, hour, day of the month, month and day of the week: \"*/30 9-17 * * MON-FRI\"."))
	}
}

// cronField is what may stand in a field.
type cronField struct {
	name     string
	min, max int
	names    string // three letters each, from min on
	last     string // the suffixes and letters of Quartz that are known there
}

var cronFields = [...]cronField{
	{name: "minute", max: 59},
	{name: "hour", max: 23},
	{name: "day of the month", min: 1, max: 31, last: "LW"},
	{name: "month", min: 1, max: 12, names: "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
	{name: "day of the week", max: 7, names: "SUNMONTUEWEDTHUFRISAT", last: "L#"},
}

func cronProblem(expression string) string {
	fields := strings.Fields(expression)
	if len(fields) != len(cronFields) {
		return "it has " + strconv.Itoa(len(fields)) + " fields, not 5"
	}
	for i, text := range fields {
		f := &cronFields[i]
		for item := range strings.SplitSeq(strings.ToUpper(text), ",") {
			if !f.accepts(item) {
				return strconv.Quote(item) + " is no " + f.name
			}
		}
	}
	return ""
}

// accepts takes one item of a list: *, a value or a range, with a step.
func (f *cronField) accepts(item string) bool {
	value, step, stepped := strings.Cut(item, "/")
	if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1) {
		return false
	}
	if value == "*" || value == "?" {
		return true
	}
	if f.last != "" && f.quartz(value) {
		return true
	}
	from, to, isRange := strings.Cut(value, "-")
	return f.value(from) && (!isRange || f.value(to))
}

func (f *cronField) value(s string) bool {
	if i := strings.Index(f.names, s); len(s) == 3 && i >= 0 && i%3 == 0 {
		return true
	}
	n, err := strconv.Atoi(s)
	return err == nil && n >= f.min && n <= f.max
}

// quartz takes L, LW, L-3, 15W, 6L and FRI#2.
func (f *cronField) quartz(s string) bool {
	if day, nth, ok := strings.Cut(s, "#"); ok {
		n, err := strconv.Atoi(nth)
		return strings.Contains(f.last, "#") && f.value(day) && err == nil && n >= 1 && n <= 5
	}
	if s == "L" {
		return true
	}
	if strings.Contains(f.last, "W") {
		if s == "LW" {
			return true
		}
		if day, ok := strings.CutSuffix(s, "W"); ok {
			return f.value(day)
		}
		if before, ok := strings.CutPrefix(s, "L-"); ok {
			return f.value(before)
		}
		return false
	}
	day, ok := strings.CutSuffix(s, "L")
	return ok && f.value(day)
}
