package engine

import "time"

// UsableDate returns the compatibility date to run with where date is asked
// for. The engine does not start with a date that is newer than itself, nor
// with one in the future of its own clock. What is no date is returned as it
// is, for the engine to refuse.
func UsableDate(date string) string {
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return date
	}
	return min(date, NewestCompatibilityDate, time.Now().UTC().Format(time.DateOnly))
}
