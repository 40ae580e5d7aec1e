package enginetest

import (
	"strings"
	"testing"

	"paddock/engine"
)

// The whole way with nothing faked: on a fresh machine this downloads the
// pinned package with the real npm.
func TestBinaryRuns(t *testing.T) {
	path := Binary(t)
	if again := Binary(t); again != path {
		t.Errorf("got %s, then %s", path, again)
	}
	got, err := engine.Binary{Path: path}.ReportedVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// The middle of the package's version is the date that the binary prints.
	date := strings.Split(engine.Version, ".")[1]
	if want := "workerd " + date[:4] + "-" + date[4:6] + "-" + date[6:]; got != want {
		t.Errorf("the engine is %q, want %q", got, want)
	}
}
