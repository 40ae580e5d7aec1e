package cron

import (
	"fmt"
	"strings"
)

const (
	sunday   = 1
	monday   = 2
	friday   = 6
	saturday = 7
)

func (d day) weekend() bool { return d.weekday == saturday || d.weekday == sunday }

// onWeekday reports whether d is the working day next to a day of its month
// that may fall on a weekend. It stays in the month.
func (d day) onWeekday(target int) bool {
	if target < 1 || target > d.last {
		return false // there is no such day in this month
	}
	switch {
	case d.weekend():
		return false
	case d.dom == target:
		return true
	case d.weekday == monday: // behind a Sunday, or the Saturday that begins a month
		return d.dom-1 == target || d.dom == 3 && target == 1
	case d.weekday == friday: // before a Saturday, or the Sunday that ends a month
		return d.dom+1 == target || d.dom+2 == target && target == d.last
	}
	return false
}

// quartzDay reads L, L-3, LW, L-3W and 15W: the last day of the month, days
// before it, and working days next to such days.
func quartzDay(f *field, text string) (matcher, bool, error) {
	if text == "L" {
		return func(d day) bool { return d.dom == d.last }, true, nil
	}
	if text == "LW" {
		return func(d day) bool { return d.onWeekday(d.last) }, true, nil
	}
	if before, ok := strings.CutPrefix(text, "L-"); ok {
		before, working := strings.CutSuffix(before, "W")
		n, ok := digits(before)
		if !ok || n < 1 || n > 30 {
			return nil, false, fmt.Errorf("%q is no day of the month: write a number from 1 to 30 behind the L-", text)
		}
		return func(d day) bool {
			if working {
				return d.onWeekday(d.last - n)
			}
			return d.dom == d.last-n
		}, true, nil
	}
	if target, ok := strings.CutSuffix(text, "W"); ok {
		n, err := f.value(target)
		return func(d day) bool { return d.onWeekday(n) }, err == nil, err
	}
	return nil, false, nil
}

// quartzWeekday reads L, FRIL and FRI#2: Saturday, the last Friday of the month
// and the second one.
func quartzWeekday(f *field, text string) (matcher, bool, error) {
	if text == "L" {
		return func(d day) bool { return d.weekday == saturday }, true, nil
	}
	if name, ok := strings.CutSuffix(text, "L"); ok {
		want, err := f.value(name)
		return func(d day) bool { return d.weekday == want && d.dom+7 > d.last }, err == nil, err
	}
	name, nth, ok := strings.Cut(text, "#")
	if !ok {
		return nil, false, nil
	}
	want, err := f.value(name)
	if err != nil {
		return nil, false, err
	}
	n, ok := digits(nth)
	if !ok || n < 1 || n > 5 {
		return nil, false, fmt.Errorf("%q is no day of the week: a month has the first to the fifth of them", text)
	}
	return func(d day) bool { return d.weekday == want && (d.dom-1)/7+1 == n }, true, nil
}
