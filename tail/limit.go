package tail

import "encoding/json"

// maxItem is how many bytes of URL, headers, cf, log lines and exceptions an
// item may carry.
const maxItem = 256 << 10

// logsCut takes the place of the first line that does not fit; the text is the
// engine's own for the same limit.
const logsCut = "Log size limit exceeded: More than 256KB of data (across console.log statements, exception, " +
	"request metadata and headers) was logged during a single request. Subsequent data for this request will " +
	"not be recorded in logs, appear when tailing this Worker's logs, or in Tail Workers."

// exceptionsCut takes the place of the first exception that does not fit.
const exceptionsCut = "Exception size limit exceeded: more than 256KB of exceptions, request metadata and headers " +
	"were collected during a single request."

// limitSize cuts an item that is too large. The request and the exceptions
// come first, since they matter most; the log lines get what is left.
func limitSize(it *Item) {
	left := maxItem
	if r := it.Event.Request; r != nil {
		if left -= requestSize(r); left < 0 {
			*r = Request{Method: r.Method, Headers: map[string]string{}, CF: withColo(nil)}
			it.Truncated = true
			left = maxItem
		}
	}
	left = limitExceptions(it, left)
	left = limitLogs(it, left)
	limitDiagnostics(it, left)
}

func requestSize(r *Request) int {
	size := len(r.URL) + len(r.CF)
	for name, value := range r.Headers {
		size += len(name) + len(value)
	}
	return size
}

func limitExceptions(it *Item, left int) int {
	for i, e := range it.Exceptions {
		left -= len(e.Name) + len(e.Message) + len(e.Stack)
		if left >= 0 {
			continue
		}
		marker := Exception{Name: "Error", Message: quote(exceptionsCut), Timestamp: e.Timestamp}
		it.Exceptions = append(it.Exceptions[:i:i], marker)
		it.Truncated = true
		return 0
	}
	return left
}

func limitLogs(it *Item, left int) int {
	for i, log := range it.Logs {
		left -= logSize(log)
		if left >= 0 {
			continue
		}
		marker := Log{Message: Values{quote(logsCut)}, Level: "warn", Timestamp: log.Timestamp}
		it.Logs = append(it.Logs[:i:i], marker)
		it.Truncated = true
		return 0
	}
	return left
}

func logSize(log Log) int {
	size := 0
	for _, value := range log.Message {
		size += len(value)
	}
	for _, info := range log.ErrorInfo {
		size += len(info)
	}
	return size
}

func limitDiagnostics(it *Item, left int) {
	for i, event := range it.DiagnosticsChannelEvents {
		if left -= len(event.Channel) + len(event.Message); left < 0 {
			it.DiagnosticsChannelEvents = it.DiagnosticsChannelEvents[:i:i]
			it.Truncated = true
			return
		}
	}
}

func quote(s string) json.RawMessage {
	out, err := marshal(s)
	if err != nil {
		return json.RawMessage(`""`)
	}
	return out
}
