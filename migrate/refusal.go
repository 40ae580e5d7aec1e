package migrate

import "fmt"

// Cloudflare's codes for what [Apply] refuses. Wrangler and the SDKs print
// them, and people search for them.
const (
	codeBinding     = 10061 // a binding to a class that has no namespace, or is about to lose it
	codeExportLost  = 10064 // a class with objects is no longer exported
	codeNotExported = 10070 // the class of a directive is not exported
	codeClassState  = 10074 // a directive does not fit the classes that exist
	codeTag         = 10079 // the tags do not fit
)

// HTTP statuses of refusals, written out so that this package needs no HTTP.
const (
	statusBadRequest         = 400
	statusPreconditionFailed = 412
)

// Refusal is an upload that breaks a rule of migrations or of exports. Nothing
// of it has been applied.
type Refusal struct {
	Code    int // Cloudflare's error code
	Status  int // of the HTTP answer
	Message string
	Details []Note // of a declaration that [Reconcile] refuses: all that is wrong, by class
}

// Error returns the message without the code.
func (r *Refusal) Error() string { return r.Message }

func refuse(code int, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Status: statusBadRequest, Message: fmt.Sprintf(format, args...)}
}

// tagMismatch names the tag that is set, so that the client's user can see who
// is behind.
func tagMismatch(current string) *Refusal {
	text := "Migration tag precondition failed; current tag is " + current
	if current == "" {
		text = "Migration tag precondition failed; the script does not have a migration tag set"
	}
	return &Refusal{Code: codeTag, Status: statusPreconditionFailed, Message: text}
}

func tagMissing(current string) *Refusal {
	return &Refusal{
		Code: codeTag, Status: statusPreconditionFailed,
		Message: fmt.Sprintf("Migration tag precondition failed; current tag is %s, and the upload must include a new tag", current),
	}
}
