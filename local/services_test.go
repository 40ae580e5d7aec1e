package local_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"paddock/internal/cfapi"
)

// apiJS is called by others, and says who is asking.
const apiJS = `
import { WorkerEntrypoint } from "cloudflare:workers";
export class Api extends WorkerEntrypoint {
	greet(name) { return "hello " + name + " of " + this.ctx.props.from + ", from " + this.env.NAME; }
}
export default { fetch(request, env) { return new Response(env.NAME + " at " + new URL(request.url).pathname); } };`

// callerJS calls what it is bound to.
const callerJS = `export default { async fetch(request, env) {
	return new URL(request.url).pathname === "/greet" ? new Response(await env.API.greet("me")) : env.SITE.fetch(request);
} };`

func service(name, script, entrypoint, props string) part {
	return has(cfapi.Binding{Name: name, Type: cfapi.BindingService, Service: script, Entrypoint: entrypoint, Props: json.RawMessage(props)})
}

func TestServicesCallEachOther(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	caller := upload("caller", callerJS, service("API", "api", "Api", `{"from":"here"}`), service("SITE", "api", "default", ""))
	if got := r.refused(caller, cfapi.CodeServiceTarget); got != "Could not resolve service binding 'API'. Target script 'api' not found." {
		t.Errorf("the refusal is %q", got)
	}
	r.publish(upload("api", apiJS, text("NAME", "one")))
	r.publish(caller)
	if got := r.group("api").Scripts; !slices.Equal(got, []string{"api", "caller"}) {
		t.Errorf("the group is %v", got)
	}
	r.wantBody("caller", "/greet", "hello me of here, from one")
	r.wantBody("caller", "/x", "one at /x")
	r.publish(upload("api", apiJS, text("NAME", "two")))
	r.wantBody("caller", "/greet", "hello me of here, from two")

	got := r.refused(upload("caller", callerJS, service("API", "api", "Nope", "")), cfapi.CodeServiceEntrypoint)
	if !strings.HasPrefix(got, "Could not resolve service binding 'API'. Target script 'api' has no entrypoint named 'Nope'") {
		t.Errorf("the refusal is %q", got)
	}
	r.refused(upload("caller", callerJS, service("API", "api", "", `"text"`)), cfapi.CodeMalformedBody)
	r.refused(upload("caller", callerJS, service("API", "", "", "")), cfapi.CodeMalformedBody)
}

// A script that lacks the entrypoint that another one binds, or that is
// deleted, must not take the other one down.
func TestServicesMayVanish(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(upload("api", apiJS, text("NAME", "one")))
	r.publish(upload("caller", callerJS, service("API", "api", "Api", `{"from":"here"}`), service("SITE", "api", "", "")))
	r.publish(upload("api", strings.ReplaceAll(apiJS, "class Api", "class Other"), text("NAME", "two")))
	r.wantBody("caller", "/x", "two at /x")
	if status, _, err := r.request("GET", "caller", "/greet"); status != 500 || err != nil {
		t.Errorf("a call of an entrypoint that is gone: %d, %v", status, err)
	}
	refs, err := r.References(t.Context(), "api")
	if err != nil || len(refs) != 2 || refs[0].Script != "caller" || refs[0].Class != "" {
		t.Errorf("references %v, %v", refs, err)
	}
	before := r.snapshot()
	r.wantRefusal(r.DeleteScript(t.Context(), "api", false), cfapi.CodeClassStillInUse, before, "caller calls it as API, caller calls it as SITE")
	if err := r.DeleteScript(t.Context(), "api", true); err != nil {
		t.Fatal(err)
	}
	if status, _, err := r.request("GET", "caller", "/x"); status != 500 || err != nil {
		t.Errorf("a call of a script that is gone: %d, %v", status, err)
	}
	r.publish(upload("api", apiJS, text("NAME", "three")))
	r.wantBody("caller", "/greet", "hello me of here, from three")
}

func TestServicesInACircle(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	r.publish(upload("a", apiJS, text("NAME", "a")))
	r.publish(upload("b", callerJS, service("SITE", "a", "", "")))
	r.publish(upload("a", `export default { async fetch(request, env) {
	return new URL(request.url).pathname === "/end" ? new Response("the end") : env.B.fetch("http://b/end"); } };`, service("B", "b", "", "")))
	r.wantBody("a", "/", "the end")

	r.publish(upload("self", apiJS+`
export const again = { fetch() { return new Response("again"); } };`, text("NAME", "self"), service("ME", "self", "again", "")))
	r.refused(upload("self", apiJS, service("ME", "self", "again", "")), cfapi.CodeServiceEntrypoint)
}

// Of a split it is the version with the objects that others reach.
func TestServicesReachTheOwner(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	one := r.publish(upload("api", apiJS, text("NAME", "one"))).Version
	r.publish(upload("caller", callerJS, service("SITE", "api", "", "")))
	two := r.uploadVersion(upload("api", apiJS, text("NAME", "two")))
	r.split(shares("api", two.ID, 1, one.ID))
	for range 10 {
		r.wantBody("caller", "/", "two at /")
	}
}

func TestVersionMetadata(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	up := upload("store", storeJS, has(cfapi.Binding{Name: "META", Type: cfapi.BindingVersion}))
	up.Form.Metadata.Annotations = map[string]string{cfapi.AnnotationTag: "v1.2"}
	v := r.publish(up).Version
	var meta struct{ ID, Tag, Timestamp string }
	if err := json.Unmarshal([]byte(r.get("store", "/meta")), &meta); err != nil {
		t.Fatal(err)
	}
	if meta.ID != v.ID || meta.Tag != "v1.2" || !strings.HasPrefix(meta.Timestamp, v.CreatedOn.UTC().Format("2006-01-02T15:04:05")) {
		t.Errorf("metadata %+v of %+v", meta, v)
	}
}
