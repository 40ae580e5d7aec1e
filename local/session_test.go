package local_test

import (
	"errors"
	"strings"
	"testing"

	"paddock/local"
)

// session makes an upload that of a dev session, where classes need no
// migrations.
func session(classes ...string) part {
	return func(up *local.Upload) {
		up.Form.Metadata.Migrations = nil
		up.Classes = map[string]bool{}
		for _, class := range classes {
			up.Classes[class] = true
		}
	}
}

func throwaway(o *local.Options) { o.Throwaway, o.Trace = true, local.TraceAlways }

func TestSessionNeedsNoMigrations(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir(), throwaway)
	p := r.publish(counter("counter", session("Counter", "Another")))
	if len(p.Effects) != 2 || p.Effects[0].Class != "Another" {
		t.Errorf("effects %+v, want both classes in order", p.Effects)
	}
	r.count("counter", 2)
	key := r.namespace("counter", "Counter")
	// A class that is commented out for a while does not lose its objects.
	r.publish(upload("counter", `export default { fetch() { return new Response("no class"); } };`, session()))
	r.wantBody("counter", "/", "no class")
	r.publish(counter("counter", session("Counter")))
	r.wantBody("counter", "/", "2")
	if got := r.namespace("counter", "Counter"); got != key {
		t.Errorf("the namespace's key was %s and is %s", key, got)
	}
	if got := r.refused(upload("counter", "let x = ;", session()), 10021); !strings.Contains(got, "SyntaxError") {
		t.Errorf("refused with %q", got)
	}
	r.wantBody("counter", "/", "2")
}

// The first version of a session is not tried beforehand. If it does not
// start, the session is told so in the same words as later.
func TestFirstVersionOfASessionThatFails(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir(), throwaway)
	_, err := r.Publish(t.Context(), upload("thrower", "throw new Error('at once');", session()))
	refusal, ok := errors.AsType[*local.Refusal](err)
	if !ok || !strings.Contains(refusal.Message, "Error: at once\n  at index.js:1:7") {
		t.Errorf("publish: %v, want a refusal with the place", err)
	}
	// Nothing is left of it, and no engine is started again and again.
	if status := r.status(); len(status.Scripts) != 0 || len(status.Groups) != 0 {
		t.Errorf("status %+v", status)
	}
	// The file is saved again, and now it is good.
	r.publish(upload("thrower", `export default { fetch() { return new Response("better"); } };`, session()))
	r.wantBody("thrower", "/", "better")
}

// A script that was there goes on when the first version of another one, which
// binds to it and would share its engine, does not start.
func TestFirstVersionThatFailsHarmsNoOther(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir(), throwaway)
	r.publish(counter("counter", session("Counter")))
	r.count("counter", 1)
	_, err := r.Publish(t.Context(), upload("thrower", "throw new Error('at once');", session(), binds("Counter", "counter")))
	if _, ok := errors.AsType[*local.Refusal](err); !ok {
		t.Errorf("publish: %v, want a refusal", err)
	}
	if got := r.count("counter", 1); got != "2" || len(r.status().Scripts) != 1 {
		t.Errorf("the counter answers %q; status %+v", got, r.status())
	}
}
