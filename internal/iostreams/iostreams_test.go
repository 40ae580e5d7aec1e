package iostreams

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fatih/color"
)

func TestColorNeedsATerminal(t *testing.T) {
	s, _, _, _ := Test()
	if got := s.OutStyle(color.FgRed)("x"); got != "x" {
		t.Errorf("colored for a buffer: %q", got)
	}
	s.OutTTY, s.ErrTTY = true, true
	if got := s.OutStyle(color.FgRed)("x"); got != "\x1b[31mx\x1b[0m" {
		t.Errorf("on a terminal: %q", got)
	}
	s.noColor = true
	if got := s.ErrStyle(color.FgRed)("x"); got != "x" {
		t.Errorf("colored in spite of NO_COLOR: %q", got)
	}
}

func TestNoColorVariable(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	if s := System(); !s.noColor {
		t.Error("NO_COLOR is not heard")
	}
}

// What is done within half a second is not announced.
func TestProgressOfShortWork(t *testing.T) {
	for _, tty := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s, _, _, errOut := Test()
			s.ErrTTY = tty
			p := s.Progress("Working")
			time.Sleep(showAfter - time.Millisecond)
			p.Done()
			if errOut.Len() > 0 {
				t.Errorf("terminal %v: printed %q", tty, errOut)
			}
		})
	}
}

func TestProgressOfLongWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, _, errOut := Test()
		p := s.Progress("Working")
		time.Sleep(time.Minute)
		p.Done()
		p.Done()
		if got := errOut.String(); got != "Working…\n" {
			t.Errorf("not on a terminal: printed %q", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s, _, _, _ := Test()
		out := &lockedBuffer{}
		s.Err, s.ErrTTY = out, true
		p := s.Progress("Fetching")
		time.Sleep(time.Second)
		p.Set(50e6, 0)
		time.Sleep(time.Second)
		p.Set(25e6, 100e6)
		time.Sleep(time.Second)
		p.Done()
		got := out.String()
		for _, want := range []string{"Fetching 0s", "Fetching 50.0 MB", "██████░░░░░░░░░░░░░░░░░░ 25% of 100.0 MB"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in %q", want, got)
			}
		}
		if !strings.HasSuffix(got, "\r\x1b[K") {
			t.Errorf("the line is left behind: %q", got[max(0, len(got)-40):])
		}
	})
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
