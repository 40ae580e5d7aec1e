package tail

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// outcomeNames are the outcomes that Wrangler tells apart.
var outcomeNames = map[string]string{
	"ok":             "Ok",
	"canceled":       "Canceled",
	"exception":      "Exception Thrown",
	"exceededCpu":    "Exceeded CPU Limit",
	"exceededMemory": "Exceeded Memory Limit",
}

func outcomeName(outcome string) string {
	if name, ok := outcomeNames[outcome]; ok {
		return name
	}
	return "Unknown"
}

// headline returns the line that introduces an item, or "" for one that has
// none. The order of the cases is Wrangler's: events are told apart by the
// fields they have. outcome is already worded.
func headline(it Item, outcome string, zone *time.Location) string {
	e := it.Event
	if e == nil {
		e = &Event{}
	}
	at := clock(time.UnixMilli(it.EventTimestamp), zone)
	switch {
	case e.Cron != nil:
		return fmt.Sprintf(`"%s" @ %s - %s`, visible(*e.Cron), scheduled(e.ScheduledTime, zone), outcome)
	case e.Request != nil && e.Request.URL != "":
		return fmt.Sprintf("%s %s - %s @ %s", visible(strings.ToUpper(e.Request.Method)), visible(e.Request.URL), outcome, at)
	case e.Request != nil:
		return fmt.Sprintf("[missing request] - %s @ %s", outcome, at)
	case e.MailFrom != nil:
		return fmt.Sprintf("Email from:%s to:%s size:%s @ %s - %s",
			visible(*e.MailFrom), orUndefined(e.RcptTo), number(e.RawSize), at, outcome)
	case e.ScheduledTime != nil:
		return fmt.Sprintf("Alarm @ %s - %s", scheduled(e.ScheduledTime, zone), outcome)
	case e.ConsumedEvents != nil:
		return fmt.Sprintf("Tailing %s - %s @ %s", visible(tailed(*e.ConsumedEvents)), outcome, at)
	case e.Type != nil && e.Message != nil:
		return ""
	case e.Queue != nil:
		return fmt.Sprintf("Queue %s (%s) - %s @ %s", visible(*e.Queue), messages(e.BatchSize), outcome, at)
	case e.RPCMethod != nil:
		return fmt.Sprintf("%s.%s - %s @ %s", entrypoint(it), visible(*e.RPCMethod), outcome, at)
	default:
		return fmt.Sprintf("Unknown Event - %s @ %s", outcome, at)
	}
}

// clock writes a point in time as an American reads it, which is what Node
// prints unless it was told otherwise.
func clock(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("1/2/2006, 3:04:05 PM")
}

// scheduled reads a time that is a number of milliseconds or ISO 8601.
func scheduled(value json.RawMessage, zone *time.Location) string {
	var ms float64
	if json.Unmarshal(value, &ms) == nil {
		return clock(time.UnixMilli(int64(ms)), zone)
	}
	if t, err := time.Parse(time.RFC3339, text(value)); err == nil {
		return clock(t, zone)
	}
	return "Invalid Date"
}

func tailed(consumed []Consumed) string {
	var names []string
	for _, c := range consumed {
		if c.ScriptName != nil && *c.ScriptName != "" && !slices.Contains(names, *c.ScriptName) {
			names = append(names, *c.ScriptName)
		}
	}
	return strings.Join(names, ",")
}

func messages(batch *int) string {
	if batch == nil {
		return "undefined messages"
	}
	return fmt.Sprintf("%d message%s", *batch, plural(*batch))
}

func entrypoint(it Item) string {
	if it.Entrypoint == "" {
		return "undefined"
	}
	return visible(it.Entrypoint)
}

func orUndefined(s *string) string {
	if s == nil {
		return "undefined"
	}
	return visible(*s)
}

func number(n *int64) string {
	if n == nil {
		return "undefined"
	}
	return strconv.FormatInt(*n, 10)
}
