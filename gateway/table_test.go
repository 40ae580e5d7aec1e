package gateway

import (
	"net/http"
	"strings"
	"testing"
)

func TestRouting(t *testing.T) {
	one, two := NewGate("one"), NewGate("two")
	one.Open(map[string]Endpoint{"one": backend(t, says("first")), "uno": backend(t, says("primo"))})
	two.Open(map[string]Endpoint{"two": backend(t, says("second"))})
	f := newFront(t, Options{})
	f.SetTable(Table{Hosts: map[string]*Target{
		"one.localhost": {Script: "one", Gate: one},
		"uno.localhost": {Script: "uno", Gate: one},
		"two.localhost": {Script: "two", Gate: two},
	}})
	for host, body := range map[string]string{
		"one.localhost:8788": "first", "one.localhost": "first", "ONE.Localhost.": "first",
		"one.localhost.:8788": "first", "uno.localhost": "primo", "two.localhost:1": "second",
	} {
		get(t, f.url, host).want(t, 200, body)
	}
	a := get(t, f.url, "three.localhost:8788")
	a.want(t, http.StatusNotFound, `"three.localhost:8788"`)
	a.want(t, http.StatusNotFound, "paddock runtime status")
	if kind := a.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain") {
		t.Errorf("the 404 has type %q, want text/plain: it repeats what the client sent", kind)
	}
}

func TestDefaultTargetAnswersEveryHost(t *testing.T) {
	f := newFront(t, Options{}, backend(t, says("dev")))
	get(t, f.url, "").want(t, 200, "dev")
	get(t, f.url, "anything.example").want(t, 200, "dev")
}

func TestNormalHost(t *testing.T) {
	for host, want := range map[string]string{
		"": "", "a": "a", "A.B:80": "a.b", "a.b.": "a.b", "[::1]:80": "::1", "[FE80::1]": "fe80::1", "[": "", ":80": "",
	} {
		if got := normalHost(host); got != want {
			t.Errorf("normalHost(%q) = %q, want %q", host, got, want)
		}
	}
}

func TestConnectIsRefused(t *testing.T) {
	f := newFront(t, Options{}, backend(t, says("reached")))
	conn := dial(t, f.addr)
	send(t, conn, "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n")
	readAnswer(t, conn).want(t, http.StatusMethodNotAllowed, "CONNECT")
}
