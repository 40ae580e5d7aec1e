package cmd

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

// stakes is what is lost with a script at Cloudflare.
type stakes struct {
	classes   []string // with all that their objects have stored
	dependent []string // scripts that use it
}

func (s stakes) String() string {
	text := ""
	switch len(s.classes) {
	case 0:
	case 1:
		text = ", and all objects of its class " + s.classes[0] + " with what they have stored"
	default:
		text = ", and all objects of its classes " + strings.Join(s.classes, ", ") + " with what they have stored"
	}
	if len(s.dependent) > 0 {
		text += fmt.Sprintf(" (%s %s on it)", strings.Join(s.dependent, ", "), verb(len(s.dependent), "depends", "depend"))
	}
	return text
}

// stakes asks what a script takes with it. That the script exists is all that
// must be known.
func (o *deleteOptions) stakes(ctx context.Context, client *cfapi.Client, script string) (stakes, error) {
	var s stakes
	if _, err := client.Service(ctx, script); err != nil {
		return s, o.unknownScript(err, script)
	}
	namespaces, err := cfapi.Call[[]struct{ Script, Class string }](ctx, client, http.MethodGet,
		client.AccountPath("workers", "durable_objects", "namespaces")+"?per_page=1000&page=1", nil)
	if err != nil {
		o.report(diag.List{diag.Warningf("", diag.Location{}, "could not look which Durable Object classes %s has: %v", script, err)})
	} else {
		for _, n := range *namespaces {
			if n.Script == script {
				s.classes = append(s.classes, diag.Printable(n.Class))
			}
		}
	}
	s.dependent, err = dependents(ctx, client, script)
	return s, err
}

// dependents returns the scripts that are bound to a script, or get its events
// from it.
func dependents(ctx context.Context, client *cfapi.Client, script string) ([]string, error) {
	refs, err := cfapi.Call[cfapi.References](ctx, client, http.MethodGet, client.AccountPath("workers", "scripts", script, "references"), nil)
	if err != nil {
		return nil, fmt.Errorf("look who depends on %s: %w", script, err)
	}
	producers, err := cfapi.Call[[]struct{ Producer string }](ctx, client, http.MethodGet, client.AccountPath("workers", "tails", "by-consumer", script), nil)
	if err != nil {
		return nil, fmt.Errorf("look who sends its events to %s: %w", script, err)
	}
	var names []string
	for _, r := range refs.Services.Incoming {
		names = append(names, r.Service)
	}
	for _, r := range refs.DurableObjects {
		names = append(names, r.Service)
	}
	for _, p := range *producers {
		names = append(names, p.Producer)
	}
	for i := range names {
		names[i] = diag.Printable(names[i])
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// runRemote is run at Cloudflare, where nothing brings a script back.
func (o *deleteOptions) runRemote(ctx context.Context, client *cfapi.Client, script string) error {
	at, err := o.stakes(ctx, client, script)
	if err != nil {
		return err
	}
	if o.dryRun {
		fmt.Fprintf(o.io.Err, "Would delete %s%s.\n--dry-run: exiting now.\n", script, at)
		return nil
	}
	if len(at.dependent) > 0 && !o.force && (o.yes || !o.canAsk()) {
		return diag.List{diag.Errorf("still-in-use", diag.Location{}, "%s is in use by %s", script, strings.Join(at.dependent, ", ")).
			WithHint("--force deletes it all the same, and breaks them.")}.Err()
	}
	if ok, err := o.agreed(ctx, script, at.String()); !ok || err != nil {
		return err
	}
	return o.remove(ctx, client, script, o.force || len(at.dependent) > 0)
}
