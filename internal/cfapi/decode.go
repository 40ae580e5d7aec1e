package cfapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// answer is an envelope that may also be the bare {"error","code"} with which
// some proxies in front of the API answer.
type answer struct {
	Envelope[json.RawMessage]
	BareError string `json:"error"`
	BareCode  int    `json:"code"`
}

// decode turns an answer into its envelope, or into the failure it reports.
// Success is decided by the envelope alone, as Wrangler does it.
func (c *Client) decode(status int, data []byte) (*Envelope[json.RawMessage], *APIError) {
	if len(data) == 0 && (status == http.StatusNoContent || status == http.StatusResetContent) {
		return &Envelope[json.RawMessage]{Success: true}, nil
	}
	var a answer
	if err := json.Unmarshal(data, &a); err != nil {
		text := fmt.Sprintf("Received a malformed response from the API (HTTP status %d)", status)
		if excerpt := c.excerpt(data); excerpt != "" {
			text += ": " + excerpt
		}
		return nil, &APIError{Status: status, Messages: []string{text}}
	}
	if a.Success {
		return &a.Envelope, nil
	}
	failure := &APIError{Status: status, Errors: c.redactErrors(a.Errors)}
	for _, message := range a.Messages {
		failure.Messages = append(failure.Messages, c.redact(message.Message))
	}
	if len(a.Errors) == 0 && len(a.Messages) == 0 && a.BareError != "" {
		failure.Errors = []Error{{Code: a.BareCode, Message: c.redact(a.BareError)}}
	}
	return nil, failure
}

// excerpt returns the beginning of a body that could not be decoded, on one line.
func (c *Client) excerpt(data []byte) string {
	const longest = 200
	text := strings.Join(strings.Fields(strings.ToValidUTF8(c.redact(string(data)), "?")), " ")
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}

// redact removes the credentials from a server's words: servers and proxies do
// quote the headers that they did not like.
func (c *Client) redact(text string) string {
	for _, secret := range []string{c.Token, c.Key} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[token]")
		}
	}
	return text
}

func (c *Client) redactErrors(list []Error) []Error {
	for i := range list {
		list[i].Message = c.redact(list[i].Message)
		list[i].DocumentationURL = c.redact(list[i].DocumentationURL)
		list[i].ErrorChain = c.redactErrors(list[i].ErrorChain)
	}
	return list
}
