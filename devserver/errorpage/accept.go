package errorpage

import (
	"mime"
	"strconv"
	"strings"
)

// form is a way to show a report.
type form int

const (
	asText form = iota
	asHTML
	asJSON
)

// forms are the media types that somebody must name to get another form than
// text. Wildcards do not count: they are what programs send that do not care,
// and a page in a terminal is of no use.
var forms = map[string]form{
	"text/html":             asHTML,
	"application/xhtml+xml": asHTML,
	"application/json":      asJSON,
	"text/json":             asJSON,
	"text/plain":            asText,
}

// choose returns the form that an Accept header likes best, of several equals
// the one that it names first.
func choose(accept string) form {
	best, quality := asText, 0.0
	for part := range strings.SplitSeq(accept, ",") {
		kind, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		f, ok := forms[kind]
		if !ok {
			continue
		}
		q := 1.0
		if given, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(given, 64); err != nil {
				continue
			}
		}
		if q > quality {
			best, quality = f, q
		}
	}
	return best
}
