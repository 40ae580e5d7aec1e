package local_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"paddock/internal/soak"
	"paddock/migrate"
)

func TestBindingJoinsGroups(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("owner"))
	r.publish(counter("caller"))
	r.publish(counter("bystander"))
	bystander := r.pid("bystander")
	if r.pid("owner") == r.pid("caller") || r.pid("owner") == bystander {
		t.Fatalf("scripts without bindings share an engine: %+v", r.status().Groups)
	}

	r.publish(upload("caller", counterJS, binds("Counter", "owner"), migrates("v1", "v2", deletesCounter)))
	if got := r.group("caller").Scripts; !slices.Equal(got, []string{"caller", "owner"}) {
		t.Errorf("the caller is in group %v", got)
	}
	r.count("owner", 2)
	r.wantBody("caller", "/increment", "3")

	owner := r.pid("owner")
	r.publish(upload("caller", counterJS, text("VERSION", "alone")))
	r.wantBody("caller", "/version", "alone")
	r.wantBody("owner", "/", "3")
	if r.pid("owner") == r.pid("caller") {
		t.Error("a script without the binding still shares the engine")
	}
	if r.pid("owner") == owner {
		t.Error("the engine that had both scripts goes on with one of them")
	}
	if got := r.pid("bystander"); got != bystander {
		t.Errorf("the engine of a script that has nothing to do with it changed from pid %d to %d", bystander, got)
	}
}

var deletesCounter = migrate.Step{DeletedClasses: []string{"Counter"}}

func TestPublishSwapsItsOwnGroupOnly(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("one"))
	r.publish(counter("two"))
	one, two := r.pid("one"), r.pid("two")
	r.publish(recount("one", "2"))
	r.wantBody("one", "/version", "2")
	if r.pid("one") == one {
		t.Error("a new version runs in the old engine")
	}
	if got := r.pid("two"); got != two {
		t.Errorf("the other group's pid was %d and is %d", two, got)
	}
}

// When an engine could not be stopped, the others that were stopped with it
// must come back with the next change; their plans are as before.
func TestHaltedGroupsAreStartedAgain(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(counter("one"))
	r.publish(counter("two"))
	r.count("two", 1)
	one, two := r.pid("one"), r.pid("two")
	if err := r.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.wantBody("one", "/", "0")
	r.wantBody("two", "/", "1")
	if r.pid("one") == one || r.pid("two") == two {
		t.Errorf("the engines are still %v", r.status().Groups)
	}
}

// joins is how often [TestGroupsChangeUnderLoad] has groups join and part. Its
// long form is for a person:
//
//	go test ./local -run GroupsChangeUnderLoad -v -timeout 0 -joins 200
var joins = flag.Int("joins", 3, "how often groups join and part under load")

// Joining and parting moves namespaces between engines, and scripts between
// gates; nobody who asks at that moment may notice. While they are joined, the
// caller reaches the owner's objects, and they have one engine; else they have
// one each, and no two ever have the same objects open.
func TestGroupsChangeUnderLoad(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(underLoad(t, "owner", 0, ownCounters, creates("Counter")))
	r.publish(underLoad(t, "caller", 0, ownCounters, creates("Counter")))
	for _, script := range []string{"owner", "caller"} {
		defer watchEngines(t, filepath.Join(r.dir, "objects", r.namespace(script, "Counter")))()
	}
	// WebSockets want newer code after a swap, which the owner never has.
	owner := r.load("owner", soak.Options{Rate: 50, Sockets: -1})
	caller := r.load("caller", soak.Options{Rate: 50})
	seen := 0 // by the object that the caller shares with the owner
	for n := range *joins {
		more(t, owner, 10)
		r.publish(underLoad(t, "caller", 2*n+1, ownCounters, bindsAs("NEIGHBOURS", "Counter", "owner")))
		if r.pid("caller") != r.pid("owner") {
			t.Fatalf("round %d: the binding did not join the groups", n)
		}
		seen++
		r.wantBody("caller", "/neighbour/count/shared", fmt.Sprintf("%d after 0 bytes", seen))
		more(t, owner, 10)
		more(t, caller, 10)
		r.publish(underLoad(t, "caller", 2*n+2, ownCounters))
		if r.pid("caller") == r.pid("owner") {
			t.Fatalf("round %d: the groups did not part", n)
		}
		seen++
		r.wantBody("owner", "/count/shared", fmt.Sprintf("%d after 0 bytes", seen))
		more(t, caller, 10)
	}
	wantBalance(t, owner)
	wantBalance(t, caller)
}
