package cfapi

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// APIError is a call that the server answered with a refusal, or with
// something that is no answer of this API (then Errors is empty).
type APIError struct {
	Method   string
	Path     string // relative to the base URL, without the query
	Status   int
	Errors   []Error
	Messages []string // shown when there are no Errors

	RetryAfter time.Duration // how long the server asks to wait; 0 if it does not say
}

// Error gives the text that Wrangler prints: a line that names the request, and
// an indented line for each error.
func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "A request to the Cloudflare API (%s) failed.", e.Path)
	writeErrors(&b, e.Errors, "\n  ")
	if len(e.Errors) == 0 {
		for _, message := range e.Messages {
			b.WriteString("\n  " + message)
		}
		if len(e.Messages) == 0 {
			fmt.Fprintf(&b, "\n  HTTP status %d without an explanation", e.Status)
		}
	}
	return b.String()
}

func writeErrors(b *strings.Builder, list []Error, indent string) {
	for _, e := range list {
		b.WriteString(indent + e.Message)
		if e.Code != 0 {
			fmt.Fprintf(b, " [code: %d]", e.Code)
		}
		if e.DocumentationURL != "" {
			b.WriteString(indent + "To learn more about this error, visit: " + e.DocumentationURL)
		}
		writeErrors(b, e.ErrorChain, indent+"  ")
	}
}

// HasCode reports whether err is an [APIError] whose first error has one of the
// codes. Only the first one decides, as in Wrangler.
func HasCode(err error, codes ...int) bool {
	var api *APIError
	return errors.As(err, &api) && len(api.Errors) > 0 && slices.Contains(codes, api.Errors[0].Code)
}
