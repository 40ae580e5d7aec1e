package cmd

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/gofrs/flock"
	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // for the command sqlite

	"paddock/internal/cfapi"
	"paddock/local"
)

func cmdWaitFor(ts *testscript.TestScript, neg bool, args []string) {
	flags := flag.NewFlagSet("waitfor", flag.ContinueOnError)
	count := flags.Int("count", 1, "")
	ts.Check(flags.Parse(args))
	if neg || flags.NArg() != 2 {
		ts.Fatalf("usage: waitfor [-count N] FILE REGEXP")
	}
	file, pattern := ts.MkAbs(flags.Arg(0)), compile(ts, flags.Arg(1))
	until(ts, func() error {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if got := len(pattern.FindAll(text, -1)); got < *count {
			return fmt.Errorf("%q matches %s %d times, want %d:\n%s", pattern, flags.Arg(0), got, *count, text)
		}
		return nil
	})
}

func compile(ts *testscript.TestScript, pattern string) *regexp.Regexp {
	re, err := regexp.Compile("(?m)" + pattern)
	ts.Check(err)
	return re
}

func cmdEdit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if strings.Count(text, args[1]) != 1 {
		ts.Fatalf("%q is not once in %s:\n%s", args[1], args[0], text)
	}
	ts.Check(overwrite(ts.MkAbs(args[0]), strings.Replace(text, args[1], args[2], 1)))
}

// overwrite saves a file in place without emptying it first: on a busy machine
// a session would see the empty file, too, and make an edition of it that the
// script does not expect.
func overwrite(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Truncate(int64(len(text))), f.Close())
}

func cmdProject(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: project NAME...")
	}
	for _, name := range args {
		ts.Check(os.CopyFS(ts.MkAbs(name), os.DirFS(filepath.Join(kitOf(ts).samples, name))))
	}
}

// cmdStatus sets RUNTIME_PID, PUBLIC and API (URLs) and, for each script, with
// underscores for dashes in its name, ENGINE_name (a pid) and VERSION_name.
func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	flags := flag.NewFlagSet("status", flag.ContinueOnError)
	pattern := flags.String("until", "", "")
	ts.Check(flags.Parse(args))
	if neg || flags.NArg() != 0 {
		ts.Fatalf("usage: status [-until REGEXP]")
	}
	re := compile(ts, *pattern)
	var status cfapi.RuntimeStatus
	until(ts, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		out, err := kitOf(ts).command(ctx, ts, []string{"runtime", "status", "--json"}).Output()
		if err != nil {
			return fmt.Errorf("runtime status: %w", err)
		}
		if !re.Match(out) {
			return fmt.Errorf("the status does not match %q: %s", re, out)
		}
		return json.Unmarshal(out, &status)
	})
	ts.Setenv("RUNTIME_PID", fmt.Sprint(status.PID))
	ts.Setenv("PUBLIC", status.Public)
	ts.Setenv("API", status.API)
	for _, s := range status.Scripts {
		ts.Setenv("VERSION_"+variable(s.Name), s.VersionID)
	}
	for _, g := range status.Groups {
		for _, name := range g.Scripts {
			ts.Setenv("ENGINE_"+variable(name), fmt.Sprint(g.EnginePID))
		}
	}
}

// cmdSession reads what the runtime of a dev session says of itself.
func cmdSession(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: session NAME")
	}
	locks, err := filepath.Glob(filepath.Join(kitOf(ts).workDir, ".tmp", "paddock-dev-*", "runtime.lock"))
	ts.Check(err)
	var info local.Info
	for _, path := range locks {
		text, err := os.ReadFile(path)
		ts.Check(err)
		ts.Check(json.Unmarshal(text, &info))
		if info.PID == kitOf(ts).find(ts, args[0]).cmd.Process.Pid && len(info.Engines) == 1 {
			ts.Setenv("PID", fmt.Sprint(info.PID))
			ts.Setenv("ENGINE", fmt.Sprint(info.Engines[0]))
			ts.Setenv("STATE", filepath.Dir(path))
			return
		}
	}
	ts.Fatalf("%s has no engine", args[0])
}

func variable(script string) string { return strings.ReplaceAll(script, "-", "_") }

// cmdOccupy is content with a port that somebody else has already.
func cmdOccupy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: occupy PORT")
	}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", args[0]))
	if errors.Is(err, syscall.EADDRINUSE) {
		return
	}
	ts.Check(err)
	kitOf(ts).closeAtEnd(l)
}

func (k *kit) closeAtEnd(c io.Closer) { k.closers = append(k.closers, c.Close) }

func cmdLock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lock FILE")
	}
	l := flock.New(ts.MkAbs(args[0]))
	if ok, err := l.TryLock(); err != nil || !ok {
		ts.Fatalf("lock %s: %v, %v", args[0], ok, err)
	}
	kitOf(ts).closeAtEnd(l)
	kitOf(ts).locks[l.Path()] = l
}

func cmdUnlock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: unlock FILE")
	}
	ts.Check(kitOf(ts).locks[ts.MkAbs(args[0])].Close())
}

func cmdSQLite(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sqlite FILE STATEMENT")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(args[1])
	ts.Check(err)
}
