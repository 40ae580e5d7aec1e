package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"paddock/engine"
	"paddock/internal/diag"
)

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Show the versions of paddock and of its engine, and where that is",
		Args:  args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			v := versions(c.Context())
			if asJSON {
				return json.NewEncoder(a.io.Out).Encode(v)
			}
			return a.showVersions(v)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the versions as JSON")
	return c
}

// versionInfo is what a report of an error should have in it.
type versionInfo struct {
	Version  string     `json:"version"`
	Commit   string     `json:"commit"` // "unknown" if built outside a repository
	Modified bool       `json:"modified"`
	Engine   engineInfo `json:"engine"`
}

// engineInfo tells where the engine is or, as long as it is not installed,
// where it will be and where it will come from.
type engineInfo struct {
	Version   string `json:"version"` // the pinned one, or what PADDOCK_WORKERD says of itself
	Source    string `json:"source"`  // "" when there is none to be had
	Path      string `json:"path"`
	Installed bool   `json:"installed"`
	Problem   string `json:"problem,omitempty"`
}

func versions(ctx context.Context) versionInfo {
	v := versionInfo{Version: Version, Engine: lookForEngine(ctx)}
	v.Commit, v.Modified = commit()
	return v
}

// commit is that of the sources, and whether they had been changed since.
func commit() (revision string, modified bool) {
	revision = "unknown"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return revision, false
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			modified = s.Value == "true"
		}
	}
	return revision, modified
}

// lookForEngine installs nothing: whoever asks for versions may just be
// finding out why that fails.
func lookForEngine(ctx context.Context) engineInfo {
	found, err := finder().Find(ctx)
	e := engineInfo{Version: engine.Version, Source: found.Source, Path: found.Path, Installed: err == nil}
	if err == nil && found.Source == engine.SourceEnv {
		e.Version, err = found.ReportedVersion(ctx)
		e.Version = strings.TrimPrefix(e.Version, "workerd ")
	}
	var binary *engine.BinaryError
	if errors.As(err, &binary) && binary.Err == engine.ErrNoEngine {
		return e // nothing is wrong, it has only not been needed yet
	}
	if err != nil {
		e.Problem = err.Error()
	}
	return e
}

func (a *app) showVersions(v versionInfo) error {
	commit, source := v.Commit, v.Engine.Source
	if v.Modified {
		commit += " (modified)"
	}
	if !v.Engine.Installed && v.Engine.Problem == "" {
		source += " (not installed yet)"
	}
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	for _, row := range [][2]string{
		{"paddock", v.Version}, {"commit", commit}, {"workerd", v.Engine.Version},
		{"source", source}, {"path", v.Engine.Path}, {"problem", v.Engine.Problem},
	} {
		first, _, _ := strings.Cut(row[1], "\n")
		if first != "" || row[0] != "problem" {
			fmt.Fprintf(tw, "%s\t%s\n", row[0], orDash(diag.Printable(first)))
		}
	}
	tw.Flush()
	return a.write(&b)
}
