package engine

import "time"

// UsableDate returns the compatibility date to run with where date is asked
// for. The engine does not start with a date that is newer than itself, nor
// with one in the future of its own clock.
func UsableDate(date string) string {
	return min(date, NewestCompatibilityDate, time.Now().UTC().Format(time.DateOnly))
}
