package local

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"paddock/engine"
)

// pumped returns a pump, what it handed on, and the runtime's log.
func pumped(t *testing.T) (*pump, *[]string, *bytes.Buffer) {
	var lines []string
	var log bytes.Buffer
	r := New(Options{
		Log:      slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError})),
		OnOutput: func(o Output) { lines = append(lines, o.Text) },
	})
	return newPump(r, []string{"script"}), &lines, &log
}

// What an engine that does not start prints on stderr is told by its error.
func TestPumpOfAFailedStart(t *testing.T) {
	m, lines, _ := pumped(t)
	m.line(engine.Line{Text: "out"})
	m.line(engine.Line{Text: "error", Stderr: true})
	m.close()
	if !slices.Equal(*lines, []string{"out"}) {
		t.Errorf("printed %q", *lines)
	}
}

func TestPumpHoldsStderrUntilTheEngineServes(t *testing.T) {
	m, lines, _ := pumped(t)
	m.line(engine.Line{Text: "early", Stderr: true})
	m.serving()
	m.line(engine.Line{Text: "late", Stderr: true})
	m.close()
	if !slices.Equal(*lines, []string{"early", "late"}) {
		t.Errorf("printed %q", *lines)
	}
}

func TestPumpBoundsWhatItHolds(t *testing.T) {
	m, lines, _ := pumped(t)
	long := strings.Repeat("x", heldLimit/4)
	for range 10 {
		m.line(engine.Line{Text: long, Stderr: true})
	}
	m.serving()
	m.close()
	if len(*lines) != 4 {
		t.Errorf("%d lines of a quarter of the limit were held", len(*lines))
	}
}

// A report that cannot be read is ours to explain, not the listeners'.
func TestPumpSurvivesNonsense(t *testing.T) {
	m, lines, log := pumped(t)
	m.event('I', []byte("{"))
	m.line(engine.Line{Text: "next"})
	m.close()
	if !strings.Contains(log.String(), "cannot read a trace item") || !slices.Equal(*lines, []string{"next"}) {
		t.Errorf("log %q, printed %q", log.String(), *lines)
	}
}
