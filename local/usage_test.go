package local

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, size int) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	id := func(i int) string { return fmt.Sprintf("%064x", i) }
	if got := usage(filepath.Join(dir, "nowhere")); got != (Usage{}) {
		t.Errorf("a folder that is not there: %+v", got)
	}
	if got := usage(dir); got != (Usage{}) {
		t.Errorf("an empty folder: %+v", got)
	}
	write("metadata.sqlite", 100)
	write(id(1)+".sqlite", 1000)
	write(id(1)+".sqlite-wal", 10)
	write(id(1)+".2.sqlite", 1) // a facet
	write(id(2)+".sqlite", 1000)
	if got := usage(dir); got != (Usage{Objects: 2, Bytes: 2111}) {
		t.Errorf("two objects: %+v", got)
	}
	for i := range 3 * sample {
		write(id(i)+".sqlite", 1000)
	}
	if got := usage(dir); got.Objects != 3*sample || !got.Estimated || got.Bytes < 2_900_000 || got.Bytes > 3_100_000 {
		t.Errorf("many objects: %+v", got)
	}
}
