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
	code, list := exitFailed, a.hinted(explain(err), err)
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

func withCode(message string, code int) string {
	if code == 0 {
		return message
	}
	return fmt.Sprintf("%s [code: %d]", message, code)
}

// withChain adds to the hint of an error what the server says beside its
// message.
func withChain(hint string, e cfapi.Error) string {
	var lines []string
	if hint != "" {
		lines = append(lines, hint)
	}
	for _, cause := range e.ErrorChain {
		lines = append(lines, withCode(cause.Message, cause.Code))
		if inner := withChain("", cause); inner != "" {
			lines = append(lines, inner)
		}
	}
	if e.DocumentationURL != "" {
		lines = append(lines, "To learn more about this error, visit: "+e.DocumentationURL)
	}
	return strings.Join(lines, "\n")
}

// explain turns an error of any room into diagnostics: the hint of an error
// that has one, and every error of an answer that holds several.
func explain(err error) diag.List {
	var (
		binary    *engine.BinaryError
		api       *cfapi.APIError
		unsettled *cfapi.UnsettledError
	)
	switch {
	case errors.As(err, &unsettled):
		list := explain(unsettled.Cause)
		return append(list, diag.Errorf("unsettled", diag.Location{}, "it may have been done all the same, which could not be found out: %v", unsettled.Look).
			WithHint("See what there is, with `paddock versions list --remote` and `paddock deployments list --remote`, before you try again."))
	case errors.As(err, &binary):
		return diag.List{diag.Diagnostic{Message: err.Error(), Hint: binary.Hint}}
	case errors.As(err, &api) && len(api.Errors) > 0:
		var list diag.List
		for _, e := range api.Errors {
			message, rest, _ := strings.Cut(e.Message, "\n")
			if rest == "" && e.Code == cfapi.CodeMigrationTag {
				rest = "Somebody else has published in between. Publish again: what is to be done is then worked out anew."
			}
			list = append(list, diag.Diagnostic{Message: withCode(message, e.Code), Hint: withChain(rest, e)})
		}
		return list
	case errors.Is(err, local.ErrNotRunning):
		return diag.List{diag.Diagnostic{Message: err.Error(), Hint: "Start one with `paddock runtime start`, or publish something."}}
	}
	return diag.FromError(err)
}
