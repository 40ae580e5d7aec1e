package testcloud

import (
	"net/http"
	"strings"

	"github.com/gorilla/websocket"

	"paddock/internal/cfapi"
)

// Item is what every tail gets, right after it was opened.
const Item = `{"outcome":"ok","scriptName":"s","exceptions":[],"logs":[{"level":"log","timestamp":1795285656926,"message":["hello from the cloud"]}],` +
	`"eventTimestamp":1795285656925,"event":{"request":{"url":"https://s.sub.workers.dev/","method":"GET","headers":{},"cf":{}},"response":{"status":200}}}`

func (c *Cloud) tailCall(r *http.Request, script, rest string) (any, error) {
	id, found := strings.CutPrefix(rest, "tails/")
	switch {
	case r.Method == http.MethodPost && !found:
		id = c.id()
		c.tails[id] = script
		return cfapi.Tail{ID: id, URL: "ws://" + r.Host + "/tail/" + id, ExpiresAt: "2026-11-26T09:00:00Z"}, nil
	case r.Method == http.MethodDelete && found:
		delete(c.tails, id)
		return nil, nil
	}
	return nil, noRoute()
}

// follow serves the WebSocket of a tail: one item, and then the end.
func (c *Cloud) follow(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	_, ok := c.tails[strings.TrimPrefix(r.URL.Path, "/tail/")]
	c.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	upgrader := websocket.Upgrader{Subprotocols: []string{"trace-v1"}}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it has been answered
	}
	defer conn.Close()
	if _, _, err := conn.ReadMessage(); err != nil {
		return
	}
	_ = conn.WriteMessage(websocket.TextMessage, []byte(Item))
	_ = conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	_, _, _ = conn.ReadMessage() // until the client has closed
}
