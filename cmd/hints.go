package cmd

import (
	"errors"
	"fmt"
	"math"
	"net/http"

	"paddock/internal/cfapi"
	"paddock/internal/diag"
)

const (
	limitsHint = "The limits of each plan: https://developers.cloudflare.com/workers/platform/limits/"
	authHint   = "The token is wrong or has expired, lacks a permission (\"Workers Scripts: Edit\" for most of it), or is not good for this account:\n" +
		"`paddock whoami` shows its accounts. " + tokenHint
)

// cloudHints say what to do about an error of Cloudflare's, by its code.
var cloudHints = map[int]string{
	6003:                          "The token has not the form of one: see whether CLOUDFLARE_API_TOKEN was copied whole, without quotes or spaces.",
	cfapi.CodeInvalidToken:        authHint,
	cfapi.CodeMissingAuth:         authHint,
	cfapi.CodeUnauthorized:        authHint,
	cfapi.CodeAuthentication:      authHint,
	cfapi.CodeNoRoute:             "Is the account id right? It is \"account_id\" of the configuration, or CLOUDFLARE_ACCOUNT_ID; `paddock whoami` shows those of the token.",
	cfapi.CodeScriptNotFound:      "It is not in this account; `paddock whoami` shows the accounts of the token.",
	cfapi.CodeServiceNotFound:     "It is not in this account; `paddock whoami` shows the accounts of the token.",
	cfapi.CodeNoSubdomain:         "Register a workers.dev subdomain in the dashboard, or set workers_dev = false and give the Worker routes.",
	cfapi.CodeValidationFailed:    "Cloudflare has started the code once to see whether it runs. `paddock dev` shows where it fails.",
	10023:                         limitsHint,
	cfapi.CodeTooLarge:            "Look at what the bundle is made of: `paddock publish --dry-run --outdir bundle`. --minify makes it smaller.\n" + limitsHint,
	cfapi.CodeTooManyScripts:      "Delete a script that is not needed: `paddock delete NAME --remote`.\n" + limitsHint,
	cfapi.CodeVariableTooLarge:    limitsHint,
	cfapi.CodeTooManyVariables:    limitsHint,
	10097:                         "Without a paid plan, classes need SQL storage: write new_sqlite_classes in place of new_classes.",
	cfapi.CodeClassStillInUse:     "Export the class again, or write a migration that deletes or renames it.",
	cfapi.CodeClassNotExported:    "Export the class from the entry point.",
	cfapi.CodeInheritMissing:      "Set the secret first: `paddock secret put NAME --remote`.",
	cfapi.CodeMigrationInVersion:  "Migrations go with `paddock publish --remote` only.",
	cfapi.CodeConflict:            "Somebody else has changed the script in between. Try again.",
	cfapi.CodeNotDeployed:         "Deploy the latest version first: `paddock versions deploy ID --remote`.",
	cfapi.CodeLatestUndeployed:    "Deploy the latest version first: `paddock versions deploy ID --remote`.",
	cfapi.CodeInternal:            "This is Cloudflare's own failure: see https://www.cloudflarestatus.com, and try again.",
	cfapi.CodeEnvironmentNotFound: "It is not in this account; `paddock whoami` shows the accounts of the token.",
}

// hinted gives errors of Cloudflare's that have no hint the one of their code.
func (a *app) hinted(list diag.List, err error) diag.List {
	var api *cfapi.APIError
	var lost *cfapi.ConnectionError
	switch {
	case !a.remote || len(list) == 0:
	case errors.As(err, &api) && api.Status == http.StatusTooManyRequests:
		list[0] = list[0].WithHint("%s", askedToWait(api))
	case errors.As(err, &api):
		for i := range min(len(list), len(api.Errors)) {
			if list[i].Hint == "" {
				list[i] = list[i].WithHint("%s", cloudHints[api.Errors[i].Code])
			}
		}
	case errors.As(err, &lost) && !lost.Sent:
		list[0] = list[0].WithHint("Is there a network, and is CLOUDFLARE_API_BASE_URL right if it is set?")
	}
	return list
}

func askedToWait(api *cfapi.APIError) string {
	if api.RetryAfter == 0 {
		return "These are too many requests. Try again later."
	}
	return fmt.Sprintf("These are too many requests. The API asks to wait for %d seconds.", int(math.Ceil(api.RetryAfter.Seconds())))
}
