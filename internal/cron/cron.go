// Package cron knows Cloudflare's cron expressions: five fields of minutes,
// hours, days of the month, months and days of the week (1 to 7 from Sunday),
// in UTC, with names for the last two and Quartz's L, W and #. [Check] accepts
// nothing that the engine's scheduler refuses: an expression that slipped
// through would keep the engine of its script from starting.
package cron

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Check says what is wrong with an expression, nil if nothing is.
func Check(expression string) error {
	if strings.ContainsFunc(expression, func(r rune) bool { return r > '~' }) {
		return errors.New("it has characters that are not ASCII")
	}
	texts := strings.Fields(expression)
	if len(texts) != len(fields) {
		return fmt.Errorf("it has %d fields, not %d", len(texts), len(fields))
	}
	var parsed [len(fields)]matcher
	for i, f := range fields {
		m, err := f.parse(texts[i])
		if err != nil {
			return err
		}
		parsed[i] = m
	}
	if !everMatches(parsed[2], parsed[3], parsed[4]) {
		return errors.New("no day ever matches it")
	}
	return nil
}

// A day is a kind of day that a calendar has: Sunday is weekday 1, and last the
// last day of the month.
type day struct{ month, dom, weekday, last int }

// A matcher says whether a field matches a day. That of * is nil; those of
// minutes and hours match any, as every list of them names some.
type matcher func(day) bool

// everMatches goes through all days that there are. A date falls on each day of
// the week in some year, be it a leap year or not. If both fields of days are
// restricted, one of them is enough.
func everMatches(dom, month, weekday matcher) bool {
	lengths := [...][]int{1: {31}, {28, 29}, {31}, {30}, {31}, {30}, {31}, {31}, {30}, {31}, {30}, {31}}
	for m := 1; m <= 12; m++ {
		for _, last := range lengths[m] {
			for i := range last * 7 {
				d := day{m, i/7 + 1, i%7 + 1, last}
				days := dom == nil && weekday == nil || dom != nil && dom(d) || weekday != nil && weekday(d)
				if days && (month == nil || month(d)) {
					return true
				}
			}
		}
	}
	return false
}

// A field is one of the five.
type field struct {
	name     string
	min, max int
	names    string // three letters each, from min on
	of       func(day) int
	quartz   func(f *field, text string) (m matcher, ok bool, err error) // what it has beside lists
}

var fields = [...]*field{
	{name: "minute", max: 59},
	{name: "hour", max: 23},
	{name: "day of the month", min: 1, max: 31, of: func(d day) int { return d.dom }, quartz: quartzDay},
	{name: "month", min: 1, max: 12, names: "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC", of: func(d day) int { return d.month }},
	{name: "day of the week", min: 1, max: 7, names: "SUNMONTUEWEDTHUFRISAT", of: func(d day) int { return d.weekday }, quartz: quartzWeekday},
}

func (f *field) parse(text string) (matcher, error) {
	if text == "*" {
		return nil, nil
	}
	if f.quartz != nil {
		if m, ok, err := f.quartz(f, text); ok || err != nil {
			return m, err
		}
	}
	set, err := f.list(text)
	if f.of == nil || err != nil {
		return nil, err
	}
	return func(d day) bool { return set[f.of(d)] }, nil
}

// list reads values, ranges and steps, with commas between them.
func (f *field) list(text string) (map[int]bool, error) {
	set := map[int]bool{}
	items := strings.Split(text, ",")
	for _, item := range items {
		if item == "*" && len(items) > 1 {
			return nil, fmt.Errorf("its %s has a * in a list", f.name)
		}
		spec, stepText, stepped := strings.Cut(item, "/")
		step := 1
		if stepped {
			var ok bool
			if step, ok = digits(stepText); !ok || step < 1 || step > f.max-f.min {
				return nil, fmt.Errorf("%q is no step of its %s: write a number from 1 to %d behind the slash", item, f.name, f.max-f.min)
			}
		}
		first, last := f.min, f.max
		if spec != "*" {
			from, to, isRange := strings.Cut(spec, "-")
			var err error
			if first, err = f.value(from); err != nil {
				return nil, err
			}
			switch {
			case isRange:
				if last, err = f.value(to); err != nil {
					return nil, err
				}
			case !stepped:
				last = first
			}
		}
		if first > last {
			return nil, fmt.Errorf("the range %q of its %s goes down", item, f.name)
		}
		for v := first; v <= last; v += step {
			set[v] = true
		}
	}
	return set, nil
}

func (f *field) value(text string) (int, error) {
	if i := strings.Index(f.names, strings.ToUpper(text)); len(text) == 3 && i >= 0 && i%3 == 0 {
		return f.min + i/3, nil
	}
	n, ok := digits(text)
	if !ok {
		return 0, fmt.Errorf("%q is no %s", text, f.name)
	}
	if n < f.min || n > f.max {
		return 0, fmt.Errorf("%q is no %s: they go from %d to %d", text, f.name, f.min, f.max)
	}
	return n, nil
}

func digits(text string) (int, bool) {
	if strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}
