package cmd

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"paddock/check"
	"paddock/internal/diag"
)

type checkOptions struct {
	*app
	check.Options
	format string
	strict bool
}

// checkFormats are the values of --format.
var checkFormats = []string{"text", "json", "sarif", "github"}

func (a *app) checkCommand() *cobra.Command {
	o := &checkOptions{app: a}
	c := &cobra.Command{
		Use:   "check [path…]",
		Short: "Check configurations, code and migrations, for people and for CI",
		Long: "Check configurations, the code that they name and their lists of migrations. A path is a\n" +
			"configuration or a folder that has one; without any, one is looked for in the current\n" +
			"folder and above. All environments are checked, unless --env names one. Nothing runs.\n\n" +
			"Diagnostics go to stdout, a line that sums them up to stderr. The exit code is 0 when there\n" +
			"are none, or warnings only, and 1 when there are errors or, with --strict, warnings.",
		RunE: func(c *cobra.Command, paths []string) error {
			if err := o.complete(c, paths); err != nil {
				return usage(c, err)
			}
			return o.run(c.Context())
		},
	}
	c.Flags().StringVar(&o.format, "format", "text", strings.Join(checkFormats, ", "))
	c.Flags().BoolVar(&o.strict, "strict", false, "fail on warnings, too")
	c.Flags().StringVar(&o.Against, "against", "", "git revision whose migrations must still be there, such as origin/main")
	c.Flags().BoolVar(&o.NoBundle, "no-bundle", false, "do not bundle the code")
	return c
}

// complete works out what the flags mean together.
func (o *checkOptions) complete(c *cobra.Command, paths []string) error {
	o.Paths = append(slices.Clone(o.configs), paths...)
	if o.env != "" || c.Flags().Changed("env") {
		o.Env = &o.env
	}
	switch {
	case !slices.Contains(checkFormats, o.format):
		return fmt.Errorf("--format %q is none of %s", o.format, strings.Join(checkFormats, ", "))
	case slices.Contains(o.Paths, "-"):
		return fmt.Errorf("standard input cannot be checked: what a configuration means depends on where it lies")
	case slices.Contains(o.Paths, ""):
		return fmt.Errorf("a path is empty")
	case c.Flags().Changed("against") && strings.TrimSpace(o.Against) == "" || strings.Contains(o.Against, "\n"):
		return fmt.Errorf("--against needs a git revision")
	}
	return nil
}

func (o *checkOptions) run(ctx context.Context) error {
	start := time.Now()
	dir, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find the current folder: %w", err)
	}
	o.Dir = dir
	result, err := check.Run(ctx, o.Options)
	if err != nil {
		return err
	}
	list := result.Diagnostics
	ok := len(list) == 0 || !o.strict && !list.HasErrors()
	if err := o.print(list, ok); err != nil {
		return err
	}
	o.summarize(result, time.Since(start))
	if !ok {
		return errReported
	}
	return nil
}

func (o *checkOptions) print(list diag.List, ok bool) error {
	var b strings.Builder
	var err error
	switch o.format {
	case "json":
		err = diag.WriteJSON(&b, list, ok)
	case "sarif":
		err = diag.WriteSARIF(&b, fromRoot(o.Dir, list), diag.Tool{Name: "paddock", Version: Version, Describe: check.Describe})
	case "github":
		err = diag.WriteGitHub(&b, fromRoot(o.Dir, list))
	default:
		diag.WriteHuman(&b, list, diag.HumanOptions{Color: o.io.OutColor()})
	}
	if err != nil || b.Len() == 0 {
		return err
	}
	return o.write(&b)
}

// summarize says in a line what was found. That nothing was is worth a line to
// a person only.
func (o *checkOptions) summarize(r *check.Result, took time.Duration) {
	n := len(r.Diagnostics)
	if n == 0 && !o.io.ErrTTY || o.format == "json" || o.format == "sarif" {
		return
	}
	errors := 0
	for _, d := range r.Diagnostics {
		if d.Severity == diag.Error {
			errors++
		}
	}
	paint, text := o.io.ErrStyle(color.FgGreen), "✔ No problems"
	switch {
	case errors > 0:
		paint, text = o.io.ErrStyle(color.FgRed), plural(errors, "error")
		if n > errors {
			text += ", " + plural(n-errors, "warning")
		}
	case n > 0:
		paint, text = o.io.ErrStyle(color.FgYellow), plural(n, "warning")
	}
	fmt.Fprintf(o.io.Err, "%s in %s (%d ms)\n", paint(text), plural(r.Files, "file"), max(took.Milliseconds(), 1))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
