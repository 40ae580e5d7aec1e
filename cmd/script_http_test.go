package cmd

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rogpeppe/go-internal/testscript"
)

// client opens a connection for each request, so that none depends on what
// became of the one before.
var client = &http.Client{
	Timeout:       patience,
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// fetch sends a request and returns the status and the body of the answer.
func fetch(ctx context.Context, method, host, url, body string, accept ...string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if strings.Contains(body, "=") { // as curl -d says of everything
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header["Accept"] = accept
	req.Host = cmp.Or(host, req.Host)
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

func cmdHTTP(ts *testscript.TestScript, neg bool, args []string) {
	flags := flag.NewFlagSet("http", flag.ContinueOnError)
	host, method, body := flags.String("host", "", ""), flags.String("X", "GET", ""), flags.String("d", "", "")
	accept, wait := flags.String("accept", "*/*", ""), flags.Bool("wait", false, "")
	ts.Check(flags.Parse(args))
	if neg || flags.NArg() != 3 {
		ts.Fatalf("usage: http [-host H] [-X METHOD] [-d BODY] [-accept TYPE] [-wait] URL STATUS REGEXP")
	}
	url, status, pattern := flags.Arg(0), atoi(ts, flags.Arg(1)), compile(ts, flags.Arg(2))
	var text string
	try := func() error {
		var got int
		var err error
		got, text, err = fetch(context.Background(), *method, *host, url, *body, *accept)
		if err == nil && (got != status || !pattern.MatchString(text)) {
			err = fmt.Errorf("answer is %d %q, want %d %q", got, text, status, pattern)
		}
		return err
	}
	if *wait {
		until(ts, try)
	} else {
		ts.Check(try())
	}
	io.WriteString(ts.Stdout(), text)
}

func cmdStuck(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: stuck HOST URL")
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		fetch(ctx, http.MethodGet, args[0], args[1], "")
	}()
	kitOf(ts).closeAtEnd(closer(func() { cancel(); <-done }))
	until(ts, func() error {
		ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		status, text, err := fetch(ctx, http.MethodGet, args[0], strings.TrimSuffix(args[1], "/loop"), "")
		if !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("it is not stuck: %d %q, %v", status, text, err)
		}
		return nil
	})
}

type closer func()

func (c closer) Close() error { c(); return nil }

// socket is a WebSocket with a goroutine that reads it to its end.
type socket struct {
	conn     *websocket.Conn
	messages chan string
	end      error // why messages was closed
}

// Close ends the connection; the reader notices.
func (s *socket) Close() error {
	err := s.conn.Close()
	for range s.messages {
	}
	return err
}

func (s *socket) read() {
	defer close(s.messages)
	for {
		_, message, err := s.conn.ReadMessage()
		if err != nil {
			s.end = err
			return
		}
		s.messages <- string(message)
	}
}

func cmdWS(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: ws open NAME URL [HOST] | send NAME TEXT | expect NAME REGEXP | closed NAME CODE")
	}
	k, name, arg := kitOf(ts), args[1], args[2]
	if args[0] == "open" {
		k.openSocket(ts, name, arg, append(args, "")[3])
		return
	}
	s := k.sockets[name]
	if s == nil {
		ts.Fatalf("no WebSocket %q is open", name)
	}
	switch args[0] {
	case "send":
		ts.Check(s.conn.WriteMessage(websocket.TextMessage, []byte(arg)))
	case "expect":
		if got, ok := s.next(ts); !ok || !compile(ts, arg).MatchString(got) {
			ts.Fatalf("%s got %q (end: %v), want %q", name, got, s.end, arg)
		}
	case "closed":
		got, ok := s.next(ts)
		if ok || !websocket.IsCloseError(s.end, atoi(ts, arg)) {
			ts.Fatalf("%s got %q (end: %v), want to be closed with %s", name, got, s.end, arg)
		}
	default:
		ts.Fatalf("unknown: ws %s", args[0])
	}
}

func (k *kit) openSocket(ts *testscript.TestScript, name, url, host string) {
	header := http.Header{}
	if host != "" {
		header.Set("Host", host) // gorilla makes it the request's host
	}
	dialer := websocket.Dialer{HandshakeTimeout: patience}
	conn, _, err := dialer.Dial(strings.Replace(url, "http", "ws", 1), header)
	ts.Check(err)
	s := &socket{conn: conn, messages: make(chan string)}
	go s.read()
	k.sockets[name] = s
	k.closeAtEnd(s)
}

// next returns the next message, or false at the end.
func (s *socket) next(ts *testscript.TestScript) (string, bool) {
	select {
	case message, ok := <-s.messages:
		return message, ok
	case <-time.After(patience):
		ts.Fatalf("nothing comes from the WebSocket")
		return "", false
	}
}
