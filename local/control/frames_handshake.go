package control

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// handshakeGUID is RFC 6455's constant, which proves that the server knows
// what it is agreeing to.
const handshakeGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// admit answers a request that is no WebSocket handshake, or does not offer the
// subprotocol, with 400 or 426, and returns the reason. It is apart from
// upgrade so that a request can be refused before anything is done for it.
func admit(w http.ResponseWriter, r *http.Request, subprotocol string) error {
	status, reason := checkHandshake(r, subprotocol)
	if reason == "" {
		return nil
	}
	if status == http.StatusUpgradeRequired {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Sec-WebSocket-Version", "13")
	}
	http.Error(w, "WebSocket handshake refused: "+reason, status)
	return fmt.Errorf("refuse WebSocket handshake: %s", reason)
}

// upgrade turns an admitted request into a socket. After an error nothing is
// left to do for the caller. After a success the caller must end in
// [socket.Serve] or [socket.Close]; the server's own Shutdown does not know the
// connection any more. Offered extensions are ignored, so messages are never
// compressed.
func upgrade(w http.ResponseWriter, r *http.Request, subprotocol string, opts socketOptions) (*socket, error) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "this connection cannot become a WebSocket", http.StatusInternalServerError)
		return nil, fmt.Errorf("take over connection: %w", err)
	}
	s := newSocket(conn, buffered.Reader, opts)
	if err := s.write([]byte(acceptance(r.Header.Get("Sec-WebSocket-Key"), subprotocol))); err != nil {
		conn.Close()
		return nil, fmt.Errorf("answer WebSocket handshake: %w", err)
	}
	return s, nil
}

// checkHandshake returns the reason why a request is refused, or "".
func checkHandshake(r *http.Request, subprotocol string) (status int, reason string) {
	key, keyErr := base64.StdEncoding.DecodeString(r.Header.Get("Sec-WebSocket-Key"))
	switch {
	case r.Method != http.MethodGet:
		return http.StatusBadRequest, "the method must be GET"
	case !r.ProtoAtLeast(1, 1) || r.ProtoMajor != 1:
		return http.StatusBadRequest, "the protocol must be HTTP/1.1"
	case !hasToken(r.Header, "Connection", "upgrade", strings.EqualFold),
		!hasToken(r.Header, "Upgrade", "websocket", strings.EqualFold):
		return http.StatusUpgradeRequired, "the request does not ask for a WebSocket"
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return http.StatusUpgradeRequired, "the version must be 13"
	case keyErr != nil || len(key) != 16:
		return http.StatusBadRequest, "Sec-WebSocket-Key must be 16 bytes in base64"
	case !hasToken(r.Header, "Sec-WebSocket-Protocol", subprotocol, func(a, b string) bool { return a == b }):
		return http.StatusBadRequest, fmt.Sprintf("the subprotocol %q was not offered", subprotocol)
	case r.ContentLength != 0:
		// A body would be taken for frames.
		return http.StatusBadRequest, "the request must not have a body"
	}
	return 0, ""
}

// hasToken looks for a token in a header that holds comma-separated lists.
func hasToken(h http.Header, name, token string, equal func(a, b string) bool) bool {
	for _, value := range h.Values(name) {
		for item := range strings.SplitSeq(value, ",") {
			if equal(strings.TrimSpace(item), token) {
				return true
			}
		}
	}
	return false
}

func acceptance(key, subprotocol string) string {
	sum := sha1.Sum([]byte(key + handshakeGUID))
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n" +
		"Sec-WebSocket-Protocol: " + subprotocol + "\r\n\r\n"
}
