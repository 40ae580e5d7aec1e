package control

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"paddock/internal/cfapi"
)

// body returns what a call answers without an envelope.
func (h *house) body(path string) string {
	h.t.Helper()
	resp, err := h.door.Client().Do(h.request("GET", path, nil))
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		h.t.Fatalf("GET %s: %s %q, %v", path, resp.Status, b.String(), err)
	}
	return b.String()
}

// What Wrangler's kv key and kv bulk commands do, on a namespace that no script
// binds and on one that a script has open.
func TestKVValues(t *testing.T) {
	h := newHouse(t)
	ns := decode[cfapi.KVNamespace](t, h.call("POST", account+"/storage/kv/namespaces", `{"title":"n"}`))
	path := account + "/storage/kv/namespaces/" + ns.ID
	const odd = "a/b ?%ü&"
	for _, bound := range []bool{false, true} {
		if bound {
			h.publish("s", form(`export default { async fetch(_, env) {
	return new Response(await env.KV.get("a/b ?%ü&") + JSON.stringify((await env.KV.getWithMetadata("meta")).metadata)); } };`,
				binding(cfapi.Binding{Name: "KV", Type: cfapi.BindingKVNamespace, NamespaceID: ns.ID})))
			h.says("s", "/", "text{\"ü\":\"\u2028 😀\"}")
		}
		h.call("PUT", path+"/values/"+url.PathEscape(odd), "text").want(t, 200, 0)
		if got := h.body(path + "/values/" + url.PathEscape(odd)); got != "text" {
			t.Errorf("got %q", got)
		}
		var b bytes.Buffer
		f := multipart.NewWriter(&b)
		f.WriteField("value", "valued")
		f.WriteField("metadata", "{\n\"ü\": \"\u2028 😀\"}")
		f.Close()
		r := h.request("PUT", path+"/values/meta?expiration_ttl=3600", &b)
		r.Header.Set("Content-Type", f.FormDataContentType())
		h.do(r).want(t, 200, 0)
		if got := h.body(path + "/values/meta"); got != "valued" {
			t.Errorf("got %q", got)
		}
		if got := decode[map[string]string](t, h.call("GET", path+"/metadata/meta", "")); got["ü"] != "\u2028 😀" {
			t.Errorf("metadata %v", got)
		}
		bulk := decode[cfapi.KVBulkResult](t, h.call("PUT", path+"/bulk", `[{"key":"b1","value":"AAE=","base64":true,"metadata":{"a":[1]}},{"key":"b2","value":"x"}]`))
		if bulk.SuccessfulKeyCount != 2 || h.body(path+"/values/b1") != "\x00\x01" {
			t.Errorf("bulk %+v", bulk)
		}
		got := decode[struct{ Values map[string]any }](t, h.call("POST", path+"/bulk/get", `{"keys":["b2","none"]}`)).Values
		if got["b2"] != "x" || got["none"] != nil || len(got) != 2 {
			t.Errorf("bulk get %v", got)
		}

		keys := decode[[]cfapi.KVKey](t, h.call("GET", path+"/keys?prefix=b&limit=10", ""))
		if len(keys) != 2 || keys[0].Name != "b1" || string(keys[0].Metadata) != `{"a":[1]}` || keys[1].Metadata != nil {
			t.Errorf("keys %+v", keys)
		}
		page := h.envelope(path + "/keys?limit=3")
		if page.ResultInfo.Cursor == "" || page.ResultInfo.Count != 3 {
			t.Errorf("first page %+v", page)
		}
		page = h.envelope(path + "/keys?limit=3&cursor=" + url.QueryEscape(page.ResultInfo.Cursor))
		if keys := page.Result; page.ResultInfo.Cursor != "" || len(keys) != 1 || keys[0].Name != "meta" || keys[0].Expiration == 0 {
			t.Errorf("last page %+v", page)
		}

		h.call("DELETE", path+"/values/b1", "").want(t, 200, 0)
		h.call("GET", path+"/values/b1", "").want(t, 404, cfapi.CodeKVKeyUnknown)
		h.call("POST", path+"/bulk/delete", `["b2"]`).want(t, 200, 0)
		h.call("GET", path+"/metadata/b2", "").want(t, 404, cfapi.CodeKVKeyUnknown)
	}
}

func (h *house) envelope(path string) cfapi.Envelope[[]cfapi.KVKey] {
	h.t.Helper()
	var e cfapi.Envelope[[]cfapi.KVKey]
	if err := json.Unmarshal([]byte(h.body(path)), &e); err != nil || e.ResultInfo == nil {
		h.t.Fatalf("%s: %+v, %v", path, e, err)
	}
	return e
}

func TestKVValuesRefused(t *testing.T) {
	h := newHouse(t)
	ns := decode[cfapi.KVNamespace](t, h.call("POST", account+"/storage/kv/namespaces", `{"title":"n"}`))
	path := account + "/storage/kv/namespaces/" + ns.ID
	for _, tt := range []struct {
		method, path, body string
		status, code       int
		text               string
	}{
		{"PUT", path + "/values/k?expiration_ttl=59", "x", 400, 10026, "Expiration TTL must be at least 60"},
		{"PUT", path + "/values/" + strings.Repeat("k", 513), "x", 414, 10026, "key length limit"},
		{"PUT", path + "/values/%2E%2E", "x", 400, 10026, `cannot be ".."`},
		{"GET", path + "/keys?limit=0", "", 400, 10026, "integer greater than 0"},
		{"GET", path + "/keys?cursor=%25", "", 400, 10026, "Invalid cursor"},
		{"PUT", path + "/bulk", `[{"key":""}]`, 400, 10026, `cannot be ""`},
		{"PUT", path + "/bulk", `[{"key":"k","value":"?","base64":true}]`, 400, 10026, "not base64"},
		{"PUT", path + "/bulk", `{}`, 400, 10026, "the list"},
		{"POST", path + "/bulk/get", `{"keys":[]}`, 400, 10026, "minimum of 1 key"},
		{"GET", account + "/storage/kv/namespaces/nope/keys", "", 404, cfapi.CodeKVNotFound, "namespace not found"},
		{"PUT", account + "/storage/kv/namespaces/nope/values/k", "x", 404, cfapi.CodeKVNotFound, "namespace not found"},
	} {
		if a := h.call(tt.method, tt.path, tt.body).want(t, tt.status, tt.code); len(a.errors) > 0 && !strings.Contains(a.errors[0].Message, tt.text) {
			t.Errorf("%s %s: %s, want %q", tt.method, tt.path, a.errors[0].Message, tt.text)
		}
	}
	r := h.request("PUT", path+"/values/k", strings.NewReader("--b\r\nbroken"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	h.do(r).want(t, 400, cfapi.CodeMalformedBody)
	if keys := decode[[]cfapi.KVKey](t, h.call("GET", path+"/keys", "")); len(keys) != 0 {
		t.Errorf("keys %+v", keys)
	}
}

func TestD1Query(t *testing.T) {
	h := newHouse(t)
	db := decode[cfapi.D1Database](t, h.call("POST", account+"/d1/database", `{"name":"orders"}`))
	path := account + "/d1/database/" + db.UUID
	h.call("POST", path+"/query", `{"sql":"CREATE TABLE t (n INTEGER NOT NULL)"}`).want(t, 200, 0)
	h.publish("s", form(`export default { async fetch(_, env) {
	await env.DB.exec("INSERT INTO t VALUES (7)");
	return new Response(await env.DB.prepare("SELECT count(*) AS n FROM t").first("n")); } };`,
		binding(cfapi.Binding{Name: "DB", Type: cfapi.BindingD1, ID: db.UUID})))
	h.says("s", "/", "1")
	type answer[T any] struct {
		Success bool
		Results T
		Meta    map[string]any
	}
	rows := decode[[]answer[[]map[string]any]](t, h.call("POST", path+"/query", `{"sql":"SELECT n FROM t WHERE n > ?","params":[1]}`))
	if len(rows) != 1 || !rows[0].Success || len(rows[0].Results) != 1 || rows[0].Results[0]["n"] != 7.0 || rows[0].Meta["rows_read"] == nil {
		t.Errorf("rows %+v", rows)
	}
	lists := decode[[]answer[struct {
		Columns []string
		Rows    [][]any
	}]](t, h.call("POST", path+"/raw", `{"sql":"SELECT n FROM t"}`))
	if len(lists) != 1 || lists[0].Results.Columns[0] != "n" || lists[0].Results.Rows[0][0] != 7.0 {
		t.Errorf("lists %+v", lists)
	}
	a := h.call("POST", path+"/query", `{"batch":[{"sql":"INSERT INTO t VALUES (8)"},{"sql":"INSERT INTO t VALUES (NULL)"}]}`).want(t, 400, cfapi.CodeD1Query)
	if !strings.Contains(a.errors[0].Message, "NOT NULL constraint failed") {
		t.Errorf("a batch that fails: %v", a)
	}
	h.says("s", "/", "2") // nothing of the batch has stayed
	h.call("POST", account+"/d1/database/nope/query", `{"sql":"SELECT 1"}`).want(t, 404, cfapi.CodeD1NotFound)
	h.call("POST", path+"/query", `SELECT`).want(t, 400, cfapi.CodeMalformedBody)
}
