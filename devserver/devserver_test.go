package devserver

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

type listenerAt struct {
	net.Listener
	addr *net.TCPAddr
}

func (l listenerAt) Addr() net.Addr { return l.addr }

// What is printed must lead to the listener from a browser on this machine.
func TestURL(t *testing.T) {
	for ip, want := range map[string]string{
		"127.0.0.1":   "http://localhost:8787",
		"0.0.0.0":     "http://localhost:8787",
		"::":          "http://localhost:8787",
		"127.0.0.2":   "http://127.0.0.2:8787",
		"::1":         "http://[::1]:8787",
		"192.168.1.2": "http://192.168.1.2:8787",
	} {
		if got := url(listenerAt{addr: &net.TCPAddr{IP: net.ParseIP(ip), Port: 8787}}); got != want {
			t.Errorf("url of %s = %s, want %s", ip, got, want)
		}
	}
}

// The folders of killed sessions are removed; those that a session may still
// use, and those of others, stay.
func TestMakeFolderSweeps(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv("TMP", tmp)
	folder := func(name string, age time.Duration, lock bool) string {
		dir := filepath.Join(tmp, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if lock {
			if err := os.WriteFile(filepath.Join(dir, "runtime.lock"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(dir, then, then); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	killed := folder(folderPrefix+"killed", time.Hour, true)
	young := folder(folderPrefix+"young", 0, true)
	never := folder(folderPrefix+"never-locked", time.Hour, false)
	other := folder("other", time.Hour, true)

	dir, err := makeFolder()
	if err != nil {
		t.Fatal(err)
	}
	for _, kept := range []string{dir, young, never, other} {
		if _, err := os.Stat(kept); err != nil {
			t.Errorf("gone: %v", err)
		}
	}
	if _, err := os.Stat(killed); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder of a killed session is still there: %v", err)
	}
}
