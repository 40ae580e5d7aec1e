package local

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"paddock/tail"
)

// openedTail returns a tail that takes items.
func openedTail() *Tail {
	t := newTail("script", tail.Filters{})
	t.opened, t.reaper = true, time.NewTimer(time.Hour)
	return t
}

func logged(text string) tail.Item {
	value, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string
	}
	return tail.Item{Outcome: "ok", ScriptName: "script", Logs: []tail.Log{{Message: tail.Values{value}}}}
}

// large is an item of a quarter of what a tail lets wait.
var large = bytes.Repeat([]byte("x"), tailQueueBytes/4)

// offerLarge does what offer does with a small item.
func offerLarge(t *Tail) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.push(large)
	t.relieve()
}

// drain takes everything that waits, and returns the notices among it and how
// much there was besides.
func drain(t *testing.T, tl *Tail) (notices []string, items int) {
	t.Helper()
	for {
		text, ok := tl.pop()
		if !ok {
			return notices, items
		}
		var item tail.Item
		if len(text) < len(large) {
			if err := json.Unmarshal(text, &item); err != nil {
				t.Fatal(err)
			}
		}
		if item.Event != nil && item.Event.Type != nil {
			notices = append(notices, *item.Event.Type+": "+*item.Event.Message)
		} else {
			items++
		}
	}
}

func TestTailThatIsTooSlow(t *testing.T) {
	small := func(tl *Tail) { tl.offer(logged("x")) }
	for name, tt := range map[string]struct {
		fits  int // items in the queue
		offer func(*Tail)
	}{
		"many items":  {tailQueueItems, small},
		"large items": {4, offerLarge},
	} {
		t.Run(name, func(t *testing.T) {
			tl := openedTail()
			for range tt.fits {
				tt.offer(tl)
			}
			if notices, items := drain(t, tl); len(notices) != 0 || items != tt.fits {
				t.Fatalf("of %d items %d came, with notices %v", tt.fits, items, notices)
			}
			// As many are lost as are kept: a notice that waited among them
			// would be lost, too.
			for range 2 * tt.fits {
				tt.offer(tl)
			}
			want := fmt.Sprintf("overload: Tail is too slow for script: %d messages were dropped, and more will be.", tt.fits)
			if notices, items := drain(t, tl); len(notices) != 1 || notices[0] != want || items != tt.fits {
				t.Errorf("notices %v and %d items, want %q and %d", notices, items, want, tt.fits)
			}

			// It has caught up only when that has lasted for a while.
			small(tl)
			if notices, _ := drain(t, tl); len(notices) != 0 {
				t.Errorf("notices %v right after the overload", notices)
			}
			tl.calm = tl.calm.Add(-overloadEnds)
			small(tl)
			want = fmt.Sprintf("overload-stop: Tail has caught up; %d messages were dropped.", tt.fits)
			if notices, items := drain(t, tl); len(notices) != 1 || notices[0] != want || items != 1 {
				t.Errorf("notices %v and %d items, want %q", notices, items, want)
			}
			small(tl)
			if notices, _ := drain(t, tl); len(notices) != 0 {
				t.Errorf("notices %v after the end of the overload", notices)
			}
		})
	}
}

// An item that is larger than the queue is delivered all the same: else it
// would be lost although nobody is slow.
func TestTailTakesAHugeItem(t *testing.T) {
	tl := openedTail()
	tl.push(bytes.Repeat(large, 5))
	if notices, items := drain(t, tl); len(notices) != 0 || items != 1 {
		t.Errorf("notices %v and %d items", notices, items)
	}
}

func TestTailTakesNothingBeforeAndAfter(t *testing.T) {
	tl := newTail("script", tail.Filters{})
	tl.reaper = time.NewTimer(time.Hour)
	tl.offer(logged("before it was opened"))
	tl.opened = true
	tl.offer(logged("while it was open"))
	tl.end()
	tl.end() // twice does no harm
	tl.offer(logged("after its end"))
	// What came in time is still delivered.
	text, err := tl.Next(t.Context())
	if err != nil || !strings.Contains(string(text), "while it was open") {
		t.Errorf("next: %s, %v", text, err)
	}
	if text, err := tl.Next(t.Context()); err != ErrNoTail {
		t.Errorf("next at the end: %s, %v", text, err)
	}
}
