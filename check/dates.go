package check

import (
	"time"

	"paddock/config"
	"paddock/internal/diag"
)

// dates warns of a compatibility date that has not come yet. It has come when
// it has in UTC, which is what the platform goes by.
func dates(w *config.Worker, now time.Time) diag.List {
	today := now.UTC().Format(time.DateOnly)
	if w.CompatibilityDate <= today {
		return nil
	}
	return diag.List{diag.Warningf("future-date", w.DateLocation,
		"Can't set compatibility date in the future: %s", w.CompatibilityDate).
		WithHint("A deployment is refused until that day. Today is %s in UTC.", today)}
}
