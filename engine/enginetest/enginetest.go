// Package enginetest gives tests the real engine. Only _test.go files import
// it, and within package engine only those of package engine_test, because it
// imports engine itself.
package enginetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"paddock/engine"
)

// installTimeout is long enough for a slow line and short enough to beat the
// default deadline of go test, which would not say what was being waited for.
const installTimeout = 8 * time.Minute

// install runs once per test binary. The binaries of other packages run at
// the same time; they meet at the installer's file lock, so that a fresh
// machine downloads the engine once.
var install = sync.OnceValues(func() (engine.Binary, error) {
	ctx, cancel := context.WithTimeout(context.Background(), installTimeout)
	defer cancel()
	return engine.Finder{}.Install(ctx)
})

// Binary returns the path of the engine that paddock itself would use without
// a project, installed into the user's cache if it is missing. The test fails
// if there is none to be had.
func Binary(t testing.TB) string {
	t.Helper()
	b, err := install()
	if err == nil {
		return b.Path
	}
	var noBinary *engine.BinaryError
	if errors.As(err, &noBinary) {
		t.Fatalf("the test needs the engine: %v\n%s", err, noBinary.Hint)
	}
	t.Fatalf("the test needs the engine: %v", err)
	return ""
}
