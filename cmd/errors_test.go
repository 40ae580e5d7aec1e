package cmd

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"paddock/engine"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
	"paddock/internal/iostreams"
	"paddock/local"
)

func TestExitCode(t *testing.T) {
	for _, test := range []struct {
		err  error
		code int
		want string
	}{
		{nil, 0, ""},
		{fmt.Errorf("dev: %w", errReported), 1, ""},
		{errors.New("disk is full"), 1, "✘ [ERROR] disk is full\n\n"},
		{&usageError{err: errors.New("bad flag")}, 2, "✘ [ERROR] bad flag\n\n  `paddock --help` shows how the command is used.\n\n"},
		{diag.List{diag.Errorf("a", diag.Location{}, "one"), diag.Errorf("b", diag.Location{}, "two")}.Err(), 1, "✘ [ERROR] one [a]\n\n✘ [ERROR] two [b]\n\n"},
		{fmt.Errorf("publish: %w", &cfapi.APIError{Status: 400, Errors: []cfapi.Error{
			{Code: 10021, Message: "Error: boom\n  at index.js:1:7"}, {Code: 10061, Message: "no such class"},
		}}), 1, "✘ [ERROR] Error: boom [code: 10021]\n\n    at index.js:1:7\n\n✘ [ERROR] no such class [code: 10061]\n\n"},
		{&cfapi.APIError{Status: 412, Errors: []cfapi.Error{{Code: 10079, Message: "current tag is v2"}}}, 1,
			"✘ [ERROR] current tag is v2 [code: 10079]\n\n  Somebody else has published in between. Publish again: what is to be done is then worked out anew.\n\n"},
		{fmt.Errorf("%w on /x", local.ErrNotRunning), 1, "✘ [ERROR] no runtime is running on /x\n\n  Start one with `paddock runtime start`, or publish something.\n\n"},
		{fmt.Errorf("dev: %w", &engine.BinaryError{Doing: "fetch", Err: errors.New("offline"), Hint: "Go online."}), 1, "✘ [ERROR] dev: fetch: offline\n\n  Go online.\n\n"},
	} {
		streams, _, out, errOut := iostreams.Test()
		a := &app{io: streams}
		if code := a.exitCode(test.err); code != test.code || errOut.String() != test.want || out.Len() > 0 {
			t.Errorf("%v: exit code %d, stderr %q, want %d, %q", test.err, code, errOut, test.code, test.want)
		}
	}
}

// --help of a command works whatever state the machine is in.
func TestHelpNeedsNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("HOME", "")
	for _, args := range [][]string{{"--help"}, {"dev", "--help"}, {"publish", "-h"}, {"runtime", "start", "--help"}, {"help", "tail"}} {
		streams, _, out, errOut := iostreams.Test()
		if code := run(context.Background(), streams, args); code != 0 || out.Len() == 0 || errOut.Len() > 0 {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q", args, code, out, errOut)
		}
	}
}
