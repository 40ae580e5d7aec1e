package cmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"paddock/engine"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
	"paddock/local"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// errReported is returned by commands that have already said what went wrong.
var errReported = errors.New("already reported")

// A usageError is a command line that cannot be meant.
type usageError struct {
	err     error
	command *cobra.Command // whose --help explains it, if known
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usage(c *cobra.Command, err error) error { return &usageError{err: err, command: c} }

// args makes what is wrong with positional arguments a usage error.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, list []string) error {
		if err := check(c, list); err != nil {
			return usage(c, err)
		}
		return nil
	}
}

// exitCode prints an error, unless that was done, and returns the exit code.
func (a *app) exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, errReported) {
		return exitFailed
	}
	code, list := exitFailed, explain(err)
	var wrong *usageError
	if errors.As(err, &wrong) || strings.HasPrefix(err.Error(), "unknown command") {
		code = exitUsage
		help := "paddock --help"
		if wrong != nil && wrong.command != nil {
			help = wrong.command.CommandPath() + " --help"
		}
		list[0] = list[0].WithHint("`%s` shows how the command is used.", help)
	}
	a.report(list)
	return code
}

// report prints diagnostics for a person.
func (a *app) report(list diag.List) {
	diag.WriteHuman(a.io.Err, list, diag.HumanOptions{Color: a.io.ErrColor()})
}

// failed prints diagnostics and returns what the command returns if there is
// an error among them.
func (a *app) failed(list diag.List) error {
	a.report(list)
	if list.HasErrors() {
		return errReported
	}
	return nil
}

// explain turns an error of any room into diagnostics: the hint of an error
// that has one, and every error of an answer that holds several.
func explain(err error) diag.List {
	var (
		binary *engine.BinaryError
		api    *cfapi.APIError
	)
	switch {
	case errors.As(err, &binary):
		return diag.List{diag.Diagnostic{Message: err.Error(), Hint: binary.Hint}}
	case errors.As(err, &api) && len(api.Errors) > 0:
		var list diag.List
		for _, e := range api.Errors {
			message, rest, _ := strings.Cut(e.Message, "\n")
			if rest == "" && e.Code == cfapi.CodeMigrationTag {
				rest = "Somebody else has published in between. Publish again: what is to be done is then worked out anew."
			}
			list = append(list, diag.Diagnostic{Message: fmt.Sprintf("%s [code: %d]", message, e.Code), Hint: rest})
		}
		return list
	case errors.Is(err, local.ErrNotRunning):
		return diag.List{diag.Diagnostic{Message: err.Error(), Hint: "Start one with `paddock runtime start`, or publish something."}}
	}
	return diag.FromError(err)
}
