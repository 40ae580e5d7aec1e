package local

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestKeyring(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "folder", "secrets.key")
	k := keyring{path}
	if _, err := k.open("s", "N", "v1:00000000:AAAA"); err == nil || !strings.Contains(err.Error(), path+" is missing") {
		t.Errorf("open without a key: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("open has made a key")
	}
	sealed, err := k.seal("s", "N", "the value")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", info, err)
	}
	if got, err := k.open("s", "N", sealed); err != nil || got != "the value" {
		t.Errorf("opened %q, %v", got, err)
	}
	if again, err := k.seal("s", "N", "the value"); err != nil || again == sealed {
		t.Errorf("one value is sealed twice to the same: %v", err)
	}
	if empty, err := k.seal("s", "N", ""); err != nil {
		t.Error(err)
	} else if got, err := k.open("s", "N", empty); err != nil || got != "" {
		t.Errorf("the empty value: %q, %v", got, err)
	}
	last := "A"
	if strings.HasSuffix(sealed, "A") {
		last = "Q" // the lowest bits of the last digit may mean nothing
	}
	for name, try := range map[string][3]string{
		"of another script":   {"other", "N", sealed},
		"under another name":  {"s", "M", sealed},
		"with another digit":  {"s", "N", sealed[:20] + last + sealed[21:]},
		"of another version":  {"s", "N", "v2" + sealed[2:]},
		"of nothing":          {"s", "N", ""},
		"cut":                 {"s", "N", sealed[:len(sealed)/2]},
		"of another key's id": {"s", "N", "v1:00000000" + sealed[11:]},
	} {
		if got, err := k.open(try[0], try[1], try[2]); err == nil || got != "" || !strings.Contains(err.Error(), `the secret "`+try[1]+`"`) {
			t.Errorf("a value %s: %q, %v", name, got, err)
		}
	}
	if err := os.WriteFile(path, []byte("not a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := k.seal("s", "N", "x"); err == nil || !strings.Contains(err.Error(), "must hold 64 hex digits") {
		t.Errorf("seal with a damaged key: %v", err)
	}
	if text, _ := os.ReadFile(path); !bytes.Equal(text, []byte("not a key")) {
		t.Error("a damaged key was overwritten")
	}
	if _, err := (keyring{}).seal("s", "N", "x"); err == nil {
		t.Error("sealed without a place for the key")
	}
}

// Runtimes of one user share the key: only one of them may make it.
func TestKeyIsMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets.key")
	const many = 16
	sealed := make([]string, many)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			<-start
			sealed[i], _ = keyring{path}.seal("s", "N", "x")
		})
	}
	close(start)
	all.Wait()
	for _, text := range sealed {
		if got, err := (keyring{path}).open("s", "N", text); err != nil || got != "x" {
			t.Errorf("opened %q, %v", got, err)
		}
	}
}
