//go:build unix

package engine_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paddock/engine"
)

// Every byte has to survive the engine's configuration language.
func TestValuesArriveAsTheyAre(t *testing.T) {
	var all []byte
	for b := range 256 {
		all = append(all, byte(b))
	}
	text := "quote \" back \\ \\u0041 \\x41 tab \t\r\n nul \x00 del \x7f üñ 日本 \U0001F600 '`${x}"
	w := script("main", `
import data from "./all.bin"; import text from "./text.txt"; import value from "./value.json";
export default { fetch(_, env) { return Response.json({
	data: [...new Uint8Array(data)], text, value, bound: env.TEXT, json: env["J S"] }); } };`)
	w.Modules = append(w.Modules,
		engine.Module{Name: "all.bin", Kind: engine.Data, Content: all},
		engine.Module{Name: "text.txt", Kind: engine.Text, Content: []byte(text)},
		engine.Module{Name: "value.json", Kind: engine.JSON, Content: []byte(`{"a":"\u00fc\n"}`)})
	w.Bindings = []engine.Binding{engine.TextBinding("TEXT", text), engine.JSONBinding("J S", json.RawMessage(`{"b":[1,"\u00fc"]}`))}
	p := start(t, engine.Options{}, w)
	var got struct {
		Data        []int
		Text, Bound string
		Value, JSON map[string]any
	}
	if err := json.Unmarshal([]byte(get(t, p, "main")), &got); err != nil {
		t.Fatal(err)
	}
	var data []byte
	for _, b := range got.Data {
		data = append(data, byte(b))
	}
	if !bytes.Equal(data, all) {
		t.Errorf("data module: %v", data)
	}
	want(t, "text module", got.Text, text)
	want(t, "text binding", got.Bound, text)
	if got.Value["a"] != "ü\n" || got.JSON["b"].([]any)[1] != "ü" {
		t.Errorf("json: %v, %v", got.Value, got.JSON)
	}
}

func TestModulesMayBeFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), `bl"ob ü\n`)
	if err := os.WriteFile(path, []byte(`export default { fetch() { return new Response("from a file"); } };`), 0o600); err != nil {
		t.Fatal(err)
	}
	w := script("main", "")
	w.Modules = []engine.Module{
		{Name: "other.js", Kind: engine.ESModule, Content: []byte("throw new Error('not imported')")},
		{Name: "index.js", Kind: engine.ESModule, Path: path},
	}
	w.Main = "index.js"
	plain := w
	plain.Name, plain.Generated = "plain", false
	p := start(t, engine.Options{}, w, plain)
	want(t, "generated", get(t, p, "main"), "from a file")
	want(t, "plain", get(t, p, "plain"), "from a file")
}

func TestLargeModulesStartQuickly(t *testing.T) {
	source := "export const x = {\n" + strings.Repeat("\t\"k\\n\": \"ü\",\n", 1<<16) + "};\nexport default {};"
	begin := time.Now()
	start(t, engine.Options{}, script("main", source))
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("a script of 1 MB took %v", took)
	}
}

const counter = `
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
export class Counter extends DurableObject {
	async fetch() { const n = (await this.ctx.storage.get("n") ?? 0) + 1; await this.ctx.storage.put("n", n); return new Response(n + this.sql()); }
	sql() { try { this.ctx.storage.sql.exec("select 1"); return " sql"; } catch { return ""; } }
}
export class Api extends WorkerEntrypoint { who() { return this.ctx.props.who; } }
export default { fetch(_, env) { return env.COUNTER.get(env.COUNTER.idFromName("a")).fetch("http://x"); } };`

func counterWorker(key string) engine.Worker {
	w := script("counter", counter)
	w.CompatibilityDate = "2024-04-03"
	w.Namespaces = []engine.Namespace{{Class: "Counter", Key: key}}
	w.Bindings = []engine.Binding{engine.DurableObjectBinding("COUNTER", "Counter", "")}
	return w
}

func TestObjectsAreKeptOnTheirDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ob jects")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	opts := engine.Options{Config: engine.Config{Disks: []engine.Disk{{Name: "objects", Path: dir}}}}
	w := counterWorker("0123abcd")
	w.Storage = "objects"
	for _, expected := range []string{"1", "2", "3 sql"} {
		w.Namespaces[0].SQL = expected == "3 sql"
		p := start(t, opts, w)
		want(t, "count", get(t, p, "counter"), expected)
		if err := p.Stop(5 * time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "0123abcd")); err != nil {
		t.Error(err)
	}
}

func TestWorkersUseEachOther(t *testing.T) {
	user := script("user", `export default { async fetch(_, env) {
	const n = await (await env.THEIRS.get(env.THEIRS.idFromName("a")).fetch("http://x")).text();
	return new Response(n + " " + await env.API.who() + " " + await (await env.COUNTER.fetch("http://x")).text()); } };`)
	user.Bindings = []engine.Binding{
		engine.DurableObjectBinding("THEIRS", "Counter", "counter"),
		engine.ServiceBinding("API", "counter", "Api", json.RawMessage(`{"who":"me"}`)),
		engine.ServiceBinding("COUNTER", "counter", "", nil),
	}
	p := start(t, engine.Options{}, counterWorker("k"), user)
	want(t, "answer", get(t, p, "user"), "1 me 2")
}

func TestTailSeesEventsWithItsProps(t *testing.T) {
	watched := answering(`return new Response("ok");`)
	watched.Tail = &engine.Tail{Service: "paddock:tail", Entrypoint: "Collector", Props: json.RawMessage(`{"token":"T0","script":"main"}`)}
	collector := script("paddock:tail", `
import { WorkerEntrypoint } from "cloudflare:workers";
export class Collector extends WorkerEntrypoint {
	tailStream() { const { token, script } = this.ctx.props; return { outcome() { console.log(token + " I " + JSON.stringify({ script })); } }; }
}
export default {};`)
	collector.Generated = false
	events := make(chan string, 10)
	p := start(t, engine.Options{Token: "T0", OnEvent: func(kind byte, payload []byte) {
		events <- string(kind) + " " + string(payload)
	}}, watched, collector)
	want(t, "answer", get(t, p, "main"), "ok")
	select {
	case e := <-events:
		want(t, "event", e, `I {"script":"main"}`)
	case <-time.After(5 * time.Second):
		t.Error("no event")
	}
}

// kvStore returns the worker that keeps KV namespaces, and its disks.
func kvStore(dir string) (engine.Worker, []engine.Disk) {
	return engine.Worker{
		Name: "paddock:kv", CompatibilityDate: date, Storage: "objects",
		Modules:    []engine.Module{{Name: "kv.js", Kind: engine.BuiltIn, Content: []byte("/workerd/kv.js")}},
		Namespaces: []engine.Namespace{{Class: "KVNamespace", Key: "kv", SQL: true}},
		Bindings:   []engine.Binding{engine.DurableObjectBinding("SHARD", "KVNamespace", ""), engine.ServiceBinding("BLOBS", "blobs", "", nil)},
	}, []engine.Disk{{Name: "objects", Path: dir}, {Name: "blobs", Path: filepath.Join(dir, "kv", "blobs")}}
}

// queueStore returns the worker that keeps the queue q and delivers to main.
func queueStore() engine.Worker {
	return engine.Worker{
		Name: "paddock:q", CompatibilityDate: date, CompatibilityFlags: []string{"service_binding_extra_handlers"}, Storage: "objects",
		Modules:    []engine.Module{{Name: "queues.js", Kind: engine.BuiltIn, Content: []byte("/workerd/queues.js")}},
		Namespaces: []engine.Namespace{{Class: "QueueShard", Key: "q", SQL: true}},
		Bindings: []engine.Binding{
			engine.DurableObjectBinding("SHARD", "QueueShard", ""), engine.ServiceBinding("main", "main", "", nil),
			engine.JSONBinding("CONSUMERS", json.RawMessage(`{"q":{"consumer":"main","maxBatchTimeout":0}}`)),
		},
	}
}

// The engine's own module calls the handler that takes what was sent.
func TestQueueDelivers(t *testing.T) {
	w := script("main", `import { DurableObject } from "cloudflare:workers";
	export class Box extends DurableObject {
		taken() { return new Promise((resolve) => this.resolve = resolve); }
		take(what) { this.resolve(what); }
	}
	export default {
		async fetch(_, env) {
			const taken = env.BOX.getByName("box").taken();
			await env.Q.send({ n: 1 });
			return Response.json(await taken);
		},
		queue: (batch, env) => env.BOX.getByName("box").take([batch.queue, batch.messages[0].body]),
	};`)
	w.Namespaces = []engine.Namespace{{Class: "Box", Key: "box"}}
	w.Bindings = []engine.Binding{
		engine.QueueBinding("Q", "paddock:q", json.RawMessage(`{"queue":"q"}`)), engine.DurableObjectBinding("BOX", "Box", ""),
	}
	disks := []engine.Disk{{Name: "objects", Path: t.TempDir()}}
	p := start(t, engine.Options{Config: engine.Config{Disks: disks, Experimental: true}}, w, queueStore())
	want(t, "delivered", get(t, p, "main"), `["q",{"n":1}]`)
}

func d1Store() engine.Worker {
	return engine.Worker{
		Name: "paddock:d1", CompatibilityDate: date, Storage: "objects",
		Modules:    []engine.Module{{Name: "d1.js", Kind: engine.BuiltIn, Content: []byte("/workerd/d1.js")}},
		Namespaces: []engine.Namespace{{Class: "D1Database", Key: "d1", SQL: true}},
		Bindings:   []engine.Binding{engine.DurableObjectBinding("DATABASE", "D1Database", "")},
	}
}

// Small values lie in the namespace's object, large ones in files beside it.
func TestStoresKeepTheirData(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "kv", "blobs"), 0o700); err != nil {
		t.Fatal(err)
	}
	w := script("main", `export default { async fetch(_, env) {
	const small = await env.KV.get("small"), large = await env.KV.get("large");
	await env.KV.put("small", "x"); await env.KV.put("large", "y".repeat(100000));
	await env.DB.exec("CREATE TABLE IF NOT EXISTS t (n)");
	await env.DB.prepare("INSERT INTO t VALUES (?)").bind(1).run();
	return Response.json([small, large?.length ?? null, await env.DB.prepare("SELECT count(*) AS n FROM t").first("n")]); } };`)
	w.Bindings = []engine.Binding{
		engine.KVBinding("KV", "paddock:kv", json.RawMessage(`{"namespace":"n"}`)),
		engine.D1Binding("DB", "paddock:d1", json.RawMessage(`{"database":"n"}`)),
	}
	kv, disks := kvStore(dir)
	kv.Socket, kv.SocketProps = true, json.RawMessage(`{"namespace":"n"}`)
	opts := engine.Options{Config: engine.Config{Disks: disks, Experimental: true}}
	for _, expected := range []string{"[null,null,1]", `["x",100000,2]`} {
		p := start(t, opts, w, kv, d1Store())
		want(t, "stored", get(t, p, "main"), expected)
		want(t, "keys", get(t, p, kv.Name), `{"keys":[{"name":"large"},{"name":"small"}],"list_complete":true}`)
		if err := p.Stop(5 * time.Second); err != nil {
			t.Fatal(err)
		}
	}
}
