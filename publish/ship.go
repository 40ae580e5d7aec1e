package publish

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

// Shipped is what a publish to Cloudflare has led to.
type Shipped struct {
	VersionID     string
	StartupTimeMS int
	MigrationTag  string
	Targets       []string // where the script answers
	// Reconciliation is what a declaration of exports has led to, nil without one.
	Reconciliation *cfapi.ExportsReconciliation
	// Failures are what could not be done after the upload, which is in force
	// all the same.
	Failures []TriggerError
	// Warnings are about what is of no consequence for the script.
	Warnings diag.List
}

// ShipOptions are the choices of whoever ships.
type ShipOptions struct {
	// Confirm asks before something that is another script's is taken. If it is
	// nil nobody can be asked, and it is taken, as Wrangler does.
	Confirm func(ctx context.Context, question string) (bool, error)
	// MakeQueues makes the queues that consumers name and that are not there. It
	// is for a local runtime; at Cloudflare queues are made by hand.
	MakeQueues bool
}

// Ship sends a plan to Cloudflare, by the calls that Wrangler makes: a script
// that exists and needs no migration gets a version, which is then deployed, and
// every other one is uploaded whole. An error says that the version is not in
// force.
func (p *Plan) Ship(ctx context.Context, api *cfapi.Client, w *config.Worker, opts ShipOptions) (*Shipped, error) {
	s := &shipment{Plan: p, api: api, worker: w, opts: opts, done: &Shipped{MigrationTag: p.Tag}}
	send := s.addVersion
	if p.replaces() {
		send = s.replace
	}
	if err := send(ctx); err != nil {
		return nil, fmt.Errorf("publish %s: %w", p.Script, err)
	}
	s.done.VersionID = hyphenated(s.done.VersionID)
	s.done.Targets, s.done.Failures = SetTriggers(ctx, api, w, opts)
	return s.done, nil
}

// shipment is one publish to Cloudflare.
type shipment struct {
	*Plan
	api    *cfapi.Client
	worker *config.Worker
	opts   ShipOptions
	done   *Shipped
}

// replace uploads the script whole.
func (s *shipment) replace(ctx context.Context) error {
	if s.Form.Metadata.MainModule != "" { // static files need none
		s.Form.Metadata.CodeUpdateStrategy = UpdateStrategy(s.worker.Cloud)
	}
	upload, err := s.api.PutScript(ctx, s.Script, s.Form)
	if err != nil {
		return err
	}
	s.done.VersionID, s.done.StartupTimeMS = upload.DeploymentID, upload.StartupTimeMS
	s.done.Reconciliation = upload.ExportsReconciliation
	if s.Migrations != nil {
		s.done.MigrationTag = s.Migrations.NewTag
	}
	if tags := s.groupTags(); !slices.Equal(tags, s.tags) {
		s.patch(ctx, map[string]any{"tags": tags})
	}
	return nil
}

// addVersion uploads a version and deploys it. Settings that belong to no
// version are sent apart.
func (s *shipment) addVersion(ctx context.Context) error {
	v, err := s.api.UploadVersion(ctx, s.Script, s.Form)
	if err != nil {
		return err
	}
	create := cfapi.DeploymentCreate{
		Strategy: "percentage", Versions: []cfapi.DeploymentVersion{{VersionID: v.ID, Percentage: 100}}, CodeUpdateStrategy: UpdateStrategy(s.worker.Cloud),
		Annotations: map[string]string{},
	}
	if message := s.Form.Metadata.Annotations[cfapi.AnnotationMessage]; message != "" {
		create.Annotations[cfapi.AnnotationMessage] = message
	}
	if _, err := s.api.CreateDeployment(ctx, s.Script, create, false); err != nil {
		return fmt.Errorf("the version %s was uploaded, but is not deployed: %w", v.ID, err)
	}
	s.done.VersionID, s.done.StartupTimeMS = v.ID, v.StartupTimeMS
	settings := Settings(s.worker.Cloud)
	delete(settings, "streaming_tail_consumers") // the version has them
	if s.worker.Cloud.Observability == nil {
		settings["observability"] = cfapi.Observability{} // what was configured once is switched off
	}
	settings["tags"] = s.groupTags()
	s.patch(ctx, settings)
	return nil
}

// patch sends settings. That it fails does the script no harm.
func (s *shipment) patch(ctx context.Context, settings map[string]any) {
	if err := s.api.PatchScriptSettings(ctx, s.Script, settings); err != nil {
		s.done.Warnings = append(s.done.Warnings, diag.Warningf("settings-failed", diag.Location{},
			"Could not apply service and environment tags. This Worker will not appear grouped together with its sibling environments in the Cloudflare dashboard.").
			WithHint("%v", err))
	}
}

const (
	serviceTag     = "cf:service="
	environmentTag = "cf:environment="
)

// groupTags returns the script's tags with those that show the environments of
// a project as one.
func (s *shipment) groupTags() []string {
	tags := []string{}
	for _, tag := range s.tags {
		if !strings.HasPrefix(tag, serviceTag) && !strings.HasPrefix(tag, environmentTag) {
			tags = append(tags, tag)
		}
	}
	if c := s.worker.Cloud; c.Environments && c.Service != "" {
		tags = append(tags, serviceTag+c.Service)
		if s.worker.Env != "" {
			tags = append(tags, environmentTag+s.worker.Env)
		}
	}
	return tags
}

// hyphenated gives the id of a version the form that everybody else uses:
// answers to uploads leave the hyphens out.
func hyphenated(id string) string {
	if len(id) != 32 || strings.Contains(id, "-") {
		return id
	}
	return strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
}
