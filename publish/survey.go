package publish

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"paddock/config"
	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

// Survey looks at what the upload is about to replace at Cloudflare. The list
// is what a person should know before, each a question whether to go on. The
// error is why the upload would be in vain.
func (p *Plan) Survey(ctx context.Context, api *cfapi.Client, w *config.Worker) (diag.List, error) {
	var (
		secrets     []cfapi.Secret
		deployments []cfapi.Deployment
		asks        []func() error
	)
	if p.New {
		if workersDev(w) {
			asks = append(asks, func() error { return hasSubdomain(ctx, api) })
		}
	} else {
		asks = append(asks, func() (err error) { deployments, err = api.Deployments(ctx, p.Script); return })
		if len(p.Form.Metadata.Bindings) > 0 {
			asks = append(asks, func() (err error) { secrets, err = api.Secrets(ctx, p.Script); return })
		}
	}
	if err := atOnce(asks); err != nil {
		return nil, err
	}
	var list diag.List
	switch p.deployedFrom {
	case "api":
		list = append(list, diag.Warningf("deployed-otherwise", diag.Location{}, "You are about to upload a Worker that was last updated via the script API.").
			WithHint("Edits that have been made via the script API will be overridden by your local code and config."))
	case "dash":
		list = append(list, diag.Warningf("deployed-otherwise", diag.Location{}, "You are about to publish a Workers Service that was last published via the Cloudflare Dashboard.").
			WithHint("Edits that have been made via the dashboard will be overridden by your local code and config."))
	}
	if len(deployments) > 0 && len(deployments[0].Versions) > 1 {
		list = append(list, diag.Warningf("split-deployment", diag.Location{}, "Your last deployment has multiple versions. To progress that deployment use \"paddock versions deploy\" instead.").
			WithHint("This upload will be deployed globally immediately."))
	}
	if names := p.overridden(secrets); len(names) > 0 {
		list = append(list, diag.Warningf("secret-overridden", diag.Location{}, "Configuration values (%s) conflict with existing remote secrets", strings.Join(names, ", ")).
			WithHint("This deployment will replace these remote secrets with the configuration values."))
	}
	return list, nil
}

// overridden returns the secrets whose names the upload gives to other bindings.
func (p *Plan) overridden(secrets []cfapi.Secret) []string {
	var names []string
	for _, s := range secrets {
		for _, b := range p.Form.Metadata.Bindings {
			if b.Name == s.Name && b.Type != cfapi.BindingInherit && b.Type != cfapi.BindingSecretText {
				names = append(names, strconv.Quote(s.Name))
			}
		}
	}
	return names
}

// hasSubdomain fails if the account has no place for a script's address: the
// upload would be made, and then fail.
func hasSubdomain(ctx context.Context, api *cfapi.Client) error {
	_, err := api.AccountSubdomain(ctx)
	if cfapi.HasCode(err, cfapi.CodeScriptNotFound, cfapi.CodeNoSubdomain) {
		return diag.List{diag.Errorf("no-subdomain", diag.Location{}, "You need to register a workers.dev subdomain before publishing to workers.dev").
			WithHint("Register one at https://dash.cloudflare.com/%s/workers/onboarding, or set workers_dev = false and give the Worker routes.", api.AccountID)}.Err()
	}
	return err
}

// atOnce makes several calls at the same time, and returns the error of the
// first in order that failed.
func atOnce(calls []func() error) error {
	errs := make([]error, len(calls))
	var wg sync.WaitGroup
	for i, call := range calls {
		wg.Go(func() { errs[i] = call() })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("look at what is deployed: %w", err)
		}
	}
	return nil
}
