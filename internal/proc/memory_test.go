//go:build unix

package proc

import (
	"os"
	"runtime"
	"testing"
)

func TestResidentSeesWhatAProcessTakes(t *testing.T) {
	const more = 64 << 20
	before, err := Resident(t.Context(), os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	taken := make([]byte, more)
	for i := range taken {
		taken[i] = 1 // a page that nobody has written to is not there
	}
	after, err := Resident(t.Context(), os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(taken)
	// What the process had before may be partly given back meanwhile.
	if after < more || after < before+more/2 {
		t.Errorf("%d bytes became %d by taking %d", before, after, more)
	}
}

func TestResidentOfAProcessThatHasEnded(t *testing.T) {
	c, _ := startRole(t, "polite")
	if err := c.Stop(0); err != nil {
		t.Fatal(err)
	}
	if n, err := Resident(t.Context(), c.PID()); err == nil {
		t.Errorf("it takes %d bytes", n)
	}
}
