package devserver

import (
	"context"
	"hash/maphash"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"paddock/devserver/errorpage"
	"paddock/gateway"
	"paddock/tail"
)

// How long an answer is held back until its exception arrives. Mostly it is
// there before the answer. Without it, the client gets what the engine said.
const (
	explainWait = 500 * time.Millisecond
	passedWait  = 50 * time.Millisecond
)

// failures knows why requests have failed. The engine answers an uncaught
// exception with nothing but 500, and the collector tells, apart from that,
// what was thrown; what joins the two is the request's CF-Ray header.
type failures struct {
	stacks stackMapper
	frame  func(*errorpage.Report) // fills in what does not depend on the exception
	seed   maphash.Seed

	mu      sync.Mutex
	thrown  recent                    // by ray
	objects recent                    // exceptions in Durable Objects, by trace
	waiting map[string]chan tail.Item // by ray; room for one item
}

func newFailures(stacks stackMapper, frame func(*errorpage.Report)) *failures {
	return &failures{stacks: stacks, frame: frame, seed: maphash.MakeSeed(), waiting: map[string]chan tail.Item{}}
}

// explain is the gateway's question why a request has failed.
func (f *failures) explain(r *http.Request) *gateway.Explanation {
	ray := r.Header.Get("Cf-Ray")
	it, ok := f.await(r.Context(), ray, explainWait)
	if !ok {
		return nil
	}
	return f.explanation(it, ray, r)
}

func (f *failures) explanation(it tail.Item, ray string, r *http.Request) *gateway.Explanation {
	report := f.report(it)
	report.Ray = ray
	header, body := report.Answer(r.Header.Get("Accept"))
	return &gateway.Explanation{Header: header, Body: body}
}

// heard takes note of the exceptions of an item.
func (f *failures) heard(it tail.Item) {
	if len(it.Exceptions) == 0 {
		return
	}
	it.Logs = nil // nobody asks for them
	f.mu.Lock()
	defer f.mu.Unlock()
	origin := it.Origin()
	switch {
	case it.ExecutionModel == "durableObject":
		f.objects.put(it.Paddock.TraceID, it)
	case origin.Request != nil && origin.Response == nil: // an answer of its own has nothing to do with the exception
		ray := origin.Request.Headers["cf-ray"]
		if waiting := f.waiting[ray]; waiting != nil {
			waiting <- it
			delete(f.waiting, ray)
			return
		}
		f.thrown.put(ray, it)
	}
}

// await returns what was thrown for a request.
func (f *failures) await(ctx context.Context, ray string, limit time.Duration) (tail.Item, bool) {
	f.mu.Lock()
	if it, ok := f.thrown.take(ray); ok {
		f.mu.Unlock()
		return it, true
	}
	arrived := make(chan tail.Item, 1)
	f.waiting[ray] = arrived
	f.mu.Unlock()

	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case it := <-arrived:
		return it, true
	case <-timer.C:
	case <-ctx.Done():
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting[ray] == arrived {
		delete(f.waiting, ray)
	}
	return tail.Item{}, false
}

// report makes a report of the last exception of an item, which is the one
// that ended it: those before it were thrown in waitUntil.
func (f *failures) report(it tail.Item) *errorpage.Report {
	e := it.Exceptions[len(it.Exceptions)-1]
	x := &errorpage.Exception{Name: e.Name, Message: e.Text()}
	version, stack := it.ScriptVersion, e.Stack
	if stack == "" {
		// What an object throws reaches its caller without a stack.
		if object, thrown, ok := f.inObject(it.Paddock.TraceID, e); ok {
			x.Object, version, stack = object.Entrypoint, object.ScriptVersion, thrown.Stack
		}
	}
	if head, calls, ok := headline(stack, x.Message); ok {
		x.Name, stack = head, calls
	}
	if stack != "" && version != nil {
		explained := f.stacks.ExplainStack(version.ID, stack)
		x.Calls, x.Top, x.Code = explained.Calls, explained.Top, explained.Code
	}
	request := it.Origin().Request
	report := &errorpage.Report{
		Script: it.ScriptName, Exception: x,
		Request: &errorpage.Request{Method: request.Method, URL: request.URL, Headers: errorpage.Headers(request.Headers)},
	}
	f.frame(report)
	return report
}

// inObject returns the exception as it was thrown in an object, and its item.
func (f *failures) inObject(trace string, e tail.Exception) (tail.Item, tail.Exception, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	it, ok := f.objects.get(trace)
	if !ok {
		return tail.Item{}, tail.Exception{}, false
	}
	i := slices.IndexFunc(it.Exceptions, func(o tail.Exception) bool { return o.Name == e.Name && o.Text() == e.Text() })
	if i < 0 {
		return tail.Item{}, tail.Exception{}, false
	}
	return it, it.Exceptions[i], true
}

// headline takes off a stack the line "Name: message", with which it begins
// only if the engine has another name for the exception, say "Error" for an
// AggregateError.
func headline(stack, message string) (name, calls string, ok bool) {
	end := ": " + message + "\n"
	if message == "" {
		end = "\n"
	}
	name, calls, ok = strings.Cut(stack, end)
	if !ok || strings.ContainsAny(name, " \n") || name == "" {
		return "", "", false
	}
	return name, calls, true
}
