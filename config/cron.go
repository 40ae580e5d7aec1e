package config

import (
	"paddock/internal/cron"
	"paddock/internal/diag"
)

// readCrons reads the schedules, nil if none are configured.
func readCrons(n *node) []string {
	if !n.is(kindArray) {
		return nil
	}
	crons := []string{}
	for _, e := range n.elements() {
		if e.text() != "" {
			crons = append(crons, e.text())
		}
	}
	return crons
}

// checkCron warns of what a target will refuse. Wrangler does not look.
func checkCron(c *checker, n *node) {
	if n.text() == "" {
		return
	}
	if err := cron.Check(n.text()); err != nil {
		c.report(diag.Warningf("bad-cron", n.at(), "%q is no cron expression: %v", n.path(), err).
			WithHint("The five fields are minute, hour, day of the month, month and day of the week, 1 to 7 from Sunday: \"*/30 9-17 * * MON-FRI\"."))
	}
}
