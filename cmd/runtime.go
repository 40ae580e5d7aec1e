package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
	"paddock/local"
	"paddock/local/control"
)

func (a *app) runtimeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "runtime",
		Short: "Start, stop and look at the local object runtime",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.runtimeStartCommand(), a.runtimeStopCommand(), a.runtimeStatusCommand(), a.runtimeEnvCommand(), a.tokensCommand())
	return c
}

func (a *app) runtimeStopCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "stop",
		Short: "Stop the runtime; its data stays",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return a.stopRuntime(c.Context()) },
	}
}

// stopPatience is how long a runtime may take to end: its drain deadline and
// what its engines need after that.
const stopPatience = 30 * time.Second

func (a *app) stopRuntime(ctx context.Context) error {
	client, status, err := a.client(ctx)
	if errors.Is(err, local.ErrNotRunning) {
		fmt.Fprintf(a.io.Err, "No runtime is running on %s.\n", a.stateDir)
		return nil
	}
	if err != nil {
		return err
	}
	if err := client.StopRuntime(ctx); err != nil {
		return err
	}
	progress := a.io.Progress("Stopping the runtime")
	defer progress.Done()
	ctx, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	if err := local.AwaitEnd(ctx, a.stateDir); err != nil {
		return fmt.Errorf("the runtime (pid %d) has not ended: %w", status.PID, err)
	}
	fmt.Fprintf(a.io.Err, "Stopped the runtime (pid %d).\n", status.PID)
	return nil
}

func (a *app) runtimeStatusCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the runtime's scripts and engines",
		Args:  args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			_, status, err := a.client(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(a.io.Out).Encode(status)
			}
			return a.showStatus(status)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the status as JSON")
	return c
}

func (a *app) showStatus(s *cfapi.RuntimeStatus) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Runtime   pid %d, paddock %s\nScripts   %s\nAPI       %s%s\nState     %s\n", s.PID, s.Version, s.Public, s.API, control.Prefix, s.StateDir)
	if len(s.Scripts) == 0 {
		fmt.Fprintln(&b, "\nNothing is published yet.")
		return a.write(&b)
	}
	engines := map[string]cfapi.RuntimeGroup{}
	for _, g := range s.Groups {
		for _, name := range g.Scripts {
			engines[name] = g
		}
	}
	fmt.Fprintln(&b)
	tw := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	fmt.Fprintln(tw, "SCRIPT\tVERSION\tTAG\tCLASSES\tENGINE\tURL")
	for _, script := range s.Scripts {
		var classes []string
		for _, n := range script.Namespaces {
			classes = append(classes, n.Class)
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", script.Name, servedVersions(script), orDash(diag.Printable(script.MigrationTag)),
			orDash(strings.Join(classes, ", ")), engineState(engines[script.Name]), script.URL)
		for _, pattern := range script.Routes {
			fmt.Fprintf(tw, "\t\t\t\t\t%s\n", diag.Printable(pattern))
		}
		for _, cron := range script.Schedules {
			fmt.Fprintf(tw, "\t\t\t\t\tschedule: %s\n", cron)
		}
	}
	tw.Flush()
	showRestarts(&b, s.Groups)
	return a.write(&b)
}

// showRestarts says why engines were restarted last.
func showRestarts(b *strings.Builder, groups []cfapi.RuntimeGroup) {
	for _, g := range groups {
		if g.LastRestart == nil {
			continue
		}
		when := g.LastRestart.On
		if t, err := time.Parse(cfapi.TimeLayout, when); err == nil {
			when = t.Local().Format(time.DateTime)
		}
		fmt.Fprintf(b, "\nLast restart of %s, %s:\n  %s\n", strings.Join(g.Scripts, ", "), when, diag.Printable(g.LastRestart.Reason))
	}
}

// servedVersions names the version of a script that is in force, or both with
// their shares.
func servedVersions(s cfapi.RuntimeScript) string {
	if len(s.Split) == 0 {
		return strconv.Itoa(s.VersionNumber)
	}
	var parts []string
	for _, share := range s.Split {
		parts = append(parts, fmt.Sprintf("%d (%s)", share.VersionNumber, percent(share.Percentage)))
	}
	return strings.Join(parts, ", ")
}

func engineState(g cfapi.RuntimeGroup) string {
	switch {
	case g.EnginePID == 0 && g.Error != "":
		first, _, _ := strings.Cut(g.Error, "\n")
		return "down: " + diag.Printable(first)
	case g.EnginePID == 0:
		return "starting"
	case g.Restarts == 1:
		return fmt.Sprintf("pid %d, restarted once", g.EnginePID)
	case g.Restarts > 1:
		return fmt.Sprintf("pid %d, restarted %d times", g.EnginePID, g.Restarts)
	}
	return fmt.Sprintf("pid %d", g.EnginePID)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
