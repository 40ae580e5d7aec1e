// Package cfapi is what both ends of the wire share: the types of Cloudflare's
// v4 API for Workers scripts, the multipart upload form, the error codes, and a
// small client.
//
// Clients start at [Client]; servers start at [DecodeForm], [Envelope] and the
// Code constants with [StatusOf]. The package knows nothing about paddock's
// runtime and imports none of its packages. Fields that clients may send but
// that nothing here interprets are kept as raw JSON, so that a server can store
// and return them unchanged.
package cfapi

import "encoding/json"

// TimeLayout is the form of every created_on and modified_on. Clients sort
// these as text, so all of them need the same width.
const TimeLayout = "2006-01-02T15:04:05.000000Z"

// Envelope is the answer to every API call, whatever its HTTP status. Clients
// look at Success, not at the status. Servers must fill Errors and Messages
// with empty slices, not nil: Wrangler iterates over them.
type Envelope[T any] struct {
	Success    bool        `json:"success"`
	Errors     []Error     `json:"errors"`
	Messages   []Message   `json:"messages"`
	Result     T           `json:"result"`
	ResultInfo *ResultInfo `json:"result_info,omitempty"`
}

// Error is one refusal. The code of the first error in an envelope decides what
// a client does about it.
type Error struct {
	Code             int             `json:"code"`
	Message          string          `json:"message"`
	DocumentationURL string          `json:"documentation_url,omitempty"`
	ErrorChain       []Error         `json:"error_chain,omitempty"`
	Meta             json.RawMessage `json:"meta,omitempty"`
}

// Message is a remark that comes with an answer.
type Message struct {
	Code    int    `json:"code,omitempty"`
	Message string `json:"message"`
}

// UnmarshalJSON also takes a bare string, which some endpoints send.
func (m *Message) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &m.Message)
	}
	type plain Message // without this method
	return json.Unmarshal(data, (*plain)(m))
}

// ResultInfo pages through lists, by page or by cursor.
type ResultInfo struct {
	Page       int    `json:"page,omitempty"`
	PerPage    int    `json:"per_page,omitempty"`
	Count      int    `json:"count"`
	TotalCount int    `json:"total_count,omitempty"`
	Cursor     string `json:"cursor,omitempty"`
	// Cursors repeats Cursor for newer clients.
	Cursors *Cursors `json:"cursors,omitempty"`
}

// Cursors is where a list goes on.
type Cursors struct {
	After string `json:"after,omitempty"`
}
