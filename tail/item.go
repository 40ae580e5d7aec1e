package tail

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Item is what is known of one invocation, or of a part of it. Its JSON form
// is Cloudflare's TraceItem; times are milliseconds, points in time since 1970.
type Item struct {
	Outcome                  string            `json:"outcome"`
	EventTimestamp           int64             `json:"eventTimestamp"`
	Event                    *Event            `json:"event"`
	Logs                     []Log             `json:"logs"`
	Exceptions               []Exception       `json:"exceptions"`
	DiagnosticsChannelEvents []DiagnosticEvent `json:"diagnosticsChannelEvents"`
	ScriptName               string            `json:"scriptName"`
	ScriptVersion            *ScriptVersion    `json:"scriptVersion,omitempty"`
	Entrypoint               string            `json:"entrypoint,omitempty"`
	DurableObjectID          string            `json:"durableObjectId,omitempty"`
	ExecutionModel           string            `json:"executionModel,omitempty"`
	Truncated                bool              `json:"truncated"`
	WallTime                 float64           `json:"wallTime"`
	CPUTime                  float64           `json:"cpuTime"`

	// Paddock is set on items of paddock's own runtime.
	Paddock *Part `json:"paddock,omitempty"`
	// FilteredBy is the filter that would have stopped the item, for tails
	// that asked to see such items too.
	FilteredBy json.RawMessage `json:"filteredBy,omitempty"`

	// origin is the event of an early part whose Event no longer shows it.
	origin *Event
}

// Part tells how an item belongs to its invocation. One that stays open is
// sent in several: first the item as it stands with outcome "ok", then new
// lines with an event of type "partial", at last the item with its outcome and
// the lines not sent before. Exceptions are sent when they happen and, all of
// them, again in the last part, since not everyone gets the early ones.
type Part struct {
	InvocationID string `json:"invocationId"`
	// TraceID is shared by invocations that called each other. It is set if
	// there are exceptions.
	TraceID string `json:"traceId,omitempty"`
	Part    int    `json:"part"` // counted from 1
	Final   bool   `json:"final"`
}

// ScriptVersion names the version that ran.
type ScriptVersion struct {
	ID      string `json:"id,omitempty"`
	Tag     string `json:"tag,omitempty"`
	Message string `json:"message,omitempty"`
}

// Log is one call of console.debug, info, log, warn or error.
type Log struct {
	Message   Values            `json:"message"`
	Level     string            `json:"level"`
	Timestamp int64             `json:"timestamp"`
	ErrorInfo []json.RawMessage `json:"errorInfo,omitempty"` // per argument an error, or null
}

// Values are the arguments of a console call. They stay JSON, because the
// order of an object's keys matters to people.
type Values []json.RawMessage

// UnmarshalJSON accepts a single value too; it is what is left of an oversized
// line.
func (v *Values) UnmarshalJSON(data []byte) error {
	switch {
	case len(data) > 0 && data[0] == '[':
		return json.Unmarshal(data, (*[]json.RawMessage)(v))
	case string(data) == "null":
		*v = nil
	default:
		*v = Values{bytes.Clone(data)}
	}
	return nil
}

// Exception is something thrown that nobody caught. Message is a string as far
// as paddock's own engine goes. Stack holds frames only.
type Exception struct {
	Name      string          `json:"name"`
	Message   json.RawMessage `json:"message"`
	Timestamp int64           `json:"timestamp"`
	Stack     string          `json:"stack,omitempty"`
}

// Text returns the message for people.
func (e Exception) Text() string {
	if strings.HasPrefix(string(e.Message), `"`) {
		return text(e.Message)
	}
	return inspect(e.Message)
}

// DiagnosticEvent is a message on a channel of node:diagnostics_channel.
type DiagnosticEvent struct {
	Channel   string          `json:"channel"`
	Message   json.RawMessage `json:"message"`
	Timestamp int64           `json:"timestamp"`
}

// Event tells what started the invocation. Its kind follows from the fields
// that are there.
type Event struct {
	Request  *Request  `json:"request,omitempty"`
	Response *Response `json:"response,omitempty"`

	Cron *string `json:"cron,omitempty"`
	// ScheduledTime is a number for a cron trigger, and for an alarm, which
	// has no Cron, an ISO 8601 string.
	ScheduledTime json.RawMessage `json:"scheduledTime,omitempty"`

	Queue     *string `json:"queue,omitempty"`
	BatchSize *int    `json:"batchSize,omitempty"`

	MailFrom *string `json:"mailFrom,omitempty"`
	RcptTo   *string `json:"rcptTo,omitempty"`
	RawSize  *int64  `json:"rawSize,omitempty"`

	RPCMethod         *string         `json:"rpcMethod,omitempty"`
	GetWebSocketEvent *WebSocketEvent `json:"getWebSocketEvent,omitempty"`
	ConsumedEvents    *[]Consumed     `json:"consumedEvents,omitempty"`

	// Type and Message together are a notice of the tail itself, or, with type
	// "partial", mark a later part of an invocation.
	Type    *string `json:"type,omitempty"`
	Message *string `json:"message,omitempty"`
}

// Request is an HTTP request; header names are in lower case.
type Request struct {
	URL     string            `json:"url"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers"`
	CF      json.RawMessage   `json:"cf,omitempty"`
}

// Response is the answer to a Request, absent when there was none.
type Response struct {
	Status int `json:"status"`
}

// WebSocketEvent is what woke an object with a hibernated socket: type
// "message", "close" or "error".
type WebSocketEvent struct {
	Type     string `json:"webSocketEventType"`
	Code     *int   `json:"code,omitempty"`
	WasClean *bool  `json:"wasClean,omitempty"`
}

// Consumed names a script whose events a tail worker got.
type Consumed struct {
	ScriptName *string `json:"scriptName"`
}

// Types of notices.
const (
	NoticeOverload     = "overload"      // items are being dropped
	NoticeOverloadStop = "overload-stop" // no longer
	typePartial        = "partial"
)

// NewNotice makes an item in which a tail speaks about itself. Filters never
// stop it.
func NewNotice(script, noticeType, message string, timestamp int64) Item {
	return Item{
		Outcome: "ok", ScriptName: script, EventTimestamp: timestamp,
		Event: &Event{Type: &noticeType, Message: &message},
		Logs:  []Log{}, Exceptions: []Exception{}, DiagnosticsChannelEvents: []DiagnosticEvent{},
	}
}

// isNotice reports whether the item was made by a tail, not by an invocation.
func (it *Item) isNotice() bool {
	return it.Paddock == nil && it.Event != nil && it.Event.Type != nil && it.Event.Message != nil
}

// Origin returns the event of the invocation, also where Event only says that
// the item is a part of one. It is not nil for decoded items.
func (it *Item) Origin() *Event {
	if it.origin != nil {
		return it.origin
	}
	return it.Event
}

// requestOf returns the request behind an item, or nil.
func (it *Item) requestOf() *Request {
	if origin := it.Origin(); origin != nil {
		return origin.Request
	}
	return nil
}

// Encode returns an item's wire form: one line of JSON without its newline.
func Encode(it Item) ([]byte, error) { return marshal(it) }

// marshal is json.Marshal without the escapes for HTML, which would make URLs
// and logged markup unreadable.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// text returns the string that raw holds, or its JSON.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return strings.TrimSpace(string(raw))
}
