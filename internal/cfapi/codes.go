package cfapi

import "net/http"

// Error codes, with what they tell a client. [StatusOf] has the HTTP status
// that goes with each.
const (
	// Who is asking.

	CodeInvalidToken   = 1000  // the token is not a user's; only on /user/tokens/verify
	CodeMissingAuth    = 9106  // the credentials are missing
	CodeUnauthorized   = 9109  // the token may not read this; on /user, /accounts, /memberships
	CodeAuthentication = 10000 // the credentials are wrong; everywhere below /accounts/{id}

	// What is not there.

	CodeNoRoute             = 7003  // no such endpoint
	CodeScriptNotFound      = 10007 // no such script
	CodeServiceNotFound     = 10090 // the same, on workers/services
	CodeEnvironmentNotFound = 10092 // no such environment of a service
	CodeBindingNotFound     = 10056 // no such binding or secret
	CodeNoSubdomain         = 10063 // the account has no subdomain
	CodeWorkflowNotFound    = 10200 // no such workflow
	CodeNoVersion           = 10222 // the script has no version
	CodeRouteNotFound       = 10009 // no such route
	CodeRouteScript         = 10019 // a route is to lead to a script that does not exist
	CodeNamespaceNotFound   = 10066 // no such namespace of Durable Objects

	// What is wrong with a request.

	CodeInvalidScriptName  = 10016 // the name cannot be a script's
	CodeValidationFailed   = 10021 // the code does not compile, throws, or does not fit its settings
	CodeInvalidRoute       = 10022 // a pattern that no route can have
	CodeMalformedBody      = 10026 // the body cannot be parsed
	CodeTooLarge           = 10027 // the upload is too large
	CodeTooManyScripts     = 10037
	CodeBindingUnnamed     = 10052
	CodeResourceMissing    = 10041 // a binding is to a KV namespace or the like that is not there
	CodeBindingNameInUse   = 10053 // a secret would take the name of another binding
	CodeVariableTooLarge   = 10054
	CodeTooManyVariables   = 10055
	CodeServiceTarget      = 10143 // a service binding to a script that is not there
	CodeServiceEntrypoint  = 10144 // a service binding to an entrypoint that is not there
	CodeInvalidCron        = 10100 // a schedule is no cron expression
	CodeInheritMissing     = 10057 // an inherit binding names one that the previous version lacks
	CodeMigrationInVersion = 10211 // a version upload carries migrations

	// Durable Object classes.

	CodeBindingClass       = 10061 // a binding to a class that is deleted, not exported, or has no namespace
	CodeClassStillInUse    = 10064 // a class with a namespace is missing from the exports
	CodeClassNotExported   = 10070 // the class that a migration makes is not exported
	CodeMigrationClass     = 10074 // a new class exists already, or a deleted or renamed one does not
	CodeMigrationTag       = 10079 // old_tag is not the applied tag
	CodeClassNotMigrated   = 10123 // a version upload binds a class that a pending migration would make
	CodeExportsRefused     = 100402
	CodeExportsDisagree    = 100405 // the versions of a split declare different exports
	CodeExportsUnavailable = 100406 // a binding names a declared class that is not provisioned

	// Storage. Some numbers of the KV API mean other things elsewhere.

	CodeKVNotFound   = 10013 // no such namespace, with status 404
	CodeKVTitleTaken = 10014
	CodeKVTitle      = 10019 // the title is none
	CodeKVInUse      = 10052 // scripts bind the namespace
	CodeKVKeyUnknown = 10009
	CodeD1NotFound   = 7404
	CodeD1Query      = 7500 // a query that fails
	CodeD1NameTaken  = 7502

	CodeQueueNotFound  = 11000
	CodeQueueHandler   = 11001 // the script that shall consume has no handler for it
	CodeConsumerExists = 11004 // the queue has a consumer
	CodeQueueInUse     = 11005 // scripts bind the queue
	CodeQueueNameTaken = 11009

	// Conflicts.

	CodeRouteTaken       = 10020 // the pattern of a route is another script's
	CodeConflict         = 10035 // somebody else changed the script in between
	CodeNotDeployed      = 10214 // the latest version is not deployed; on secrets of versions
	CodeLatestUndeployed = 10215 // the latest version is not deployed; on secrets
	CodeSecretsChanged   = 10220 // secrets changed since the version that is to be deployed

	// What only a local runtime says.

	CodeNotInTrash    = 190001 // no such deleted namespace
	CodeTokenNotFound = 190002 // no such token
	CodeTimeout       = 190003 // the body did not arrive in time
	CodeDiskFull      = 190004 // no space for it in the state folder; another attempt at once is in vain

	// The server's own failures. Clients repeat uploads on these.

	CodeInternal = 10013
)

var statuses = map[int]int{
	CodeInvalidToken:   http.StatusUnauthorized,
	CodeMissingAuth:    http.StatusForbidden,
	CodeUnauthorized:   http.StatusForbidden,
	CodeAuthentication: http.StatusForbidden,

	CodeNoRoute:             http.StatusNotFound,
	CodeScriptNotFound:      http.StatusNotFound,
	CodeServiceNotFound:     http.StatusNotFound,
	CodeEnvironmentNotFound: http.StatusNotFound,
	CodeBindingNotFound:     http.StatusNotFound,
	CodeNoSubdomain:         http.StatusNotFound,
	CodeWorkflowNotFound:    http.StatusNotFound,
	CodeNoVersion:           http.StatusNotFound,
	CodeRouteNotFound:       http.StatusNotFound, // and CodeKVKeyUnknown, which is the same number
	CodeNamespaceNotFound:   http.StatusNotFound,
	CodeNotInTrash:          http.StatusNotFound,
	CodeTokenNotFound:       http.StatusNotFound,
	CodeTimeout:             http.StatusRequestTimeout,

	CodeD1NotFound:    http.StatusNotFound,
	CodeQueueNotFound: http.StatusNotFound,
	CodeTooLarge:      http.StatusRequestEntityTooLarge,
	CodeMigrationTag:  http.StatusPreconditionFailed,
	CodeConflict:      http.StatusConflict,
	CodeRouteTaken:    http.StatusConflict,
	CodeInternal:      http.StatusInternalServerError,
}

// StatusOf returns the HTTP status that goes with an error code: 400 for every
// code without a special one, since a permanent refusal must be 4xx.
func StatusOf(code int) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	return http.StatusBadRequest
}
