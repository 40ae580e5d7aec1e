// Package testcloud plays Cloudflare's API for tests: it keeps what is uploaded
// as the real one does, as far as clients can tell, records every request, and
// fails in the ways that networks and servers do. Only _test.go files import it.
//
// Nothing that is uploaded runs. What runs is tested with the real engine and a
// local runtime.
package testcloud

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"paddock/internal/cfapi"
)

// Token is the only one that a cloud accepts.
const Token = "t0ken-of-the-cloud"

// Cloud is a server with one account or more. Set its fields before the first
// request.
type Cloud struct {
	URL       string // base URL, without a slash at its end
	Accounts  []cfapi.Account
	Email     string                   // of the user; "" for a token that may not see it
	Subdomain string                   // of the account under workers.dev; "" if it has none
	Routes    map[string][]cfapi.Route // by zone: zone-a.example has the id of the zone a.example
	// Namespaces are those of Durable Object classes. Uploads do not change them.
	Namespaces []cfapi.Namespace

	mu       sync.Mutex
	requests []Request
	faults   []*Fault
	scripts  map[string]*script
	assets   map[string]bool // hashes of static files
	queues   []cfapi.Queue
	tails    map[string]string // scripts by the id of their tail
	clock    int
}

// Request is one that has arrived.
type Request struct {
	Method string
	Path   string // relative to the base URL, with the query
	Header http.Header
	Body   []byte
}

func (r Request) String() string { return r.Method + " " + r.Path }

// Fault is a failure that befalls requests.
type Fault struct {
	Method string // "" for all
	Path   string // part of the path
	Times  int    // how often; 0 means once

	Status     int    // that is answered instead
	Code       int    // of the error in it; 0 means 10013
	RetryAfter string // header of that answer
	Applied    bool   // the request is carried out before it fails
	Drop       bool   // the connection is closed without an answer
}

// New starts a cloud with the account "acc", which ends with the test.
func New(t testing.TB) *Cloud {
	c := &Cloud{
		Accounts: []cfapi.Account{{ID: "acc", Name: "The Account"}}, Email: "someone@example.com", Subdomain: "sub",
		Routes: map[string][]cfapi.Route{}, scripts: map[string]*script{}, assets: map[string]bool{}, tails: map[string]string{},
	}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.URL = server.URL + "/client/v4"
	return c
}

// Fail adds a fault. Faults befall requests in the order in which they were
// added.
func (c *Cloud) Fail(f Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.Times = max(f.Times, 1)
	c.faults = append(c.faults, &f)
}

// Requests returns what has arrived since the last call.
func (c *Cloud) Requests() []Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.requests
	c.requests = nil
	return list
}

// ServeHTTP answers in the envelope, one request at a time.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.RequestURI(), "/client/v4")
	if !ok {
		c.follow(w, r) // the address of a tail
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	c.mu.Lock()
	defer c.mu.Unlock()
	request := Request{Method: r.Method, Path: path, Header: r.Header.Clone(), Body: body}
	c.requests = append(c.requests, request)
	fault := c.befalls(request)
	if fault != nil && !fault.Applied {
		fail(w, fault)
		return
	}
	answer := newAnswer()
	if result, err := c.serve(r, body); err != nil {
		answer.refuse(err)
	} else {
		answer.give(result)
	}
	if fault != nil {
		fail(w, fault)
		return
	}
	answer.write(w)
}

func (c *Cloud) befalls(r Request) *Fault {
	for _, f := range c.faults {
		if f.Times > 0 && strings.Contains(r.Path, f.Path) && (f.Method == "" || f.Method == r.Method) {
			f.Times--
			return f
		}
	}
	return nil
}

func fail(w http.ResponseWriter, f *Fault) {
	if f.Drop {
		panic(http.ErrAbortHandler) // closes the connection
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	answer := newAnswer()
	answer.refuse(refuse(f.Status, cmp.Or(f.Code, cfapi.CodeInternal), "the test makes this fail"))
	answer.write(w)
}

// refusal is an answer other than success.
type refusal struct {
	status int
	errors []cfapi.Error
}

func (r *refusal) Error() string { return fmt.Sprint(r.errors) }

func refuse(status, code int, message string) error {
	return &refusal{status, []cfapi.Error{{Code: code, Message: message}}}
}

// answer is an envelope with its status.
type answer struct {
	status int
	cfapi.Envelope[json.RawMessage]
}

func newAnswer() *answer {
	a := &answer{status: http.StatusOK}
	a.Errors, a.Messages = []cfapi.Error{}, []cfapi.Message{}
	return a
}

func (a *answer) give(result any) {
	a.Success = true
	if list, ok := result.(page); ok {
		result, a.ResultInfo = list.items, &list.info
	}
	data, err := json.Marshal(result)
	if err != nil {
		a.refuse(err)
		return
	}
	a.Result = data
}

func (a *answer) refuse(err error) {
	a.Success, a.Result = false, json.RawMessage("null")
	if r, ok := err.(*refusal); ok {
		a.status, a.Errors = r.status, r.errors
		return
	}
	a.status, a.Errors = http.StatusBadRequest, []cfapi.Error{{Code: cfapi.CodeMalformedBody, Message: err.Error()}}
}

func (a *answer) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(a.Envelope) // to a client that may have gone
}

// page is a part of a list.
type page struct {
	items any
	info  cfapi.ResultInfo
}
