package control

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"paddock/internal/cfapi"
	"paddock/local"
	"paddock/tail"
)

// subprotocol is what the WebSocket of a tail speaks.
const subprotocol = "trace-v1"

// maxTailBody bounds the body of a tail's creation.
const maxTailBody = 1 << 20

func (a *API) createTail(r *http.Request) (any, error) {
	// Wrangler sends this body as text/plain.
	body, err := readBody(r, maxTailBody)
	if err != nil {
		return nil, err
	}
	var create cfapi.TailCreate
	if len(body) > 0 {
		if err := json.Unmarshal(body, &create); err != nil {
			return nil, &local.Refusal{Code: cfapi.CodeMalformedBody, Message: "the body is not valid JSON"}
		}
	}
	filters, err := tail.ParseFilters(create.Filters)
	if err != nil {
		return nil, &local.Refusal{Code: cfapi.CodeMalformedBody, Message: err.Error()}
	}
	t, err := a.rt.CreateTail(r.Context(), r.PathValue("script"), filters, tokenOf(r).ID)
	if err != nil {
		return nil, err
	}
	scheme := "ws://"
	if r.TLS != nil {
		scheme = "wss://"
	}
	return cfapi.Tail{
		ID: t.ID, URL: scheme + r.Host + "/tail/" + t.Token, ExpiresAt: t.Expires.UTC().Format(time.RFC3339),
		NeedsUpdate: t.NeedsUpdate,
	}, nil
}

// deleteTail answers at once, also for an id that is not known: Wrangler
// waits for the answer before it exits.
func (a *API) deleteTail(r *http.Request) (any, error) {
	a.rt.CloseTail(r.PathValue("id"))
	return nil, nil
}

// openTail is the WebSocket of a tail.
func (a *API) openTail(w http.ResponseWriter, r *http.Request) {
	a.tails.Add(1)
	defer a.tails.Done()
	// First of all: a tail opens only once, and its client may still learn how
	// to ask.
	if admit(w, r, subprotocol) != nil {
		return
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		http.Error(w, "no client address", http.StatusBadRequest) // not over TCP
		return
	}
	t, err := a.rt.OpenTail(r.Context(), r.PathValue("token"), peer.Addr())
	if errors.Is(err, local.ErrNoTail) {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	if err != nil {
		a.log.Error("cannot open a tail", "err", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer a.rt.CloseTail(t.ID)
	s, err := upgrade(w, r, subprotocol, a.sockets)
	if err != nil {
		a.log.Debug("a tail's client went away", "script", t.Script, "err", err)
		return
	}
	a.follow(s, t)
}

// follow serves an open tail until it or its client ends.
func (a *API) follow(s *socket, t *local.Tail) {
	defer context.AfterFunc(a.life, func() { s.conn.Close() })()
	ctx, cancel := context.WithCancel(context.Background())
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		send(ctx, s, t)
	}()
	if err := s.Serve(func(text []byte) { take(t, text) }); err != nil {
		a.log.Debug("a tail's client went away", "script", t.Script, "err", err)
	}
	cancel()
	<-sent
}

// send writes items until the tail or its client ends. A tail that ends is
// closed with 1000, the one code after which Wrangler does not come again.
func send(ctx context.Context, s *socket, t *local.Tail) {
	for {
		item, err := t.Next(ctx)
		if err == nil {
			err = s.WriteText(item)
		}
		if err != nil {
			s.Close(closeNormal, "")
			return
		}
	}
}

// take obeys a message of the client; what it does not know it ignores.
func take(t *local.Tail, text []byte) {
	var message struct {
		Debug   *bool           `json:"debug"`
		Filters json.RawMessage `json:"filters"`
	}
	if json.Unmarshal(text, &message) != nil {
		return
	}
	if message.Debug != nil {
		t.Debug(*message.Debug)
	}
	if message.Filters != nil {
		if filters, err := tail.ParseFilters(message.Filters); err == nil {
			t.Filter(filters)
		}
	}
}
