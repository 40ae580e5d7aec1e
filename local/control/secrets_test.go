package control

import (
	"strings"
	"testing"

	"paddock/internal/cfapi"
)

const envJS = `export default { fetch: (request, env) => new Response(Object.keys(env).sort().map(k => k + "=" + env[k]).join()) };`

// The calls of Wrangler's secret commands, in their exact form.
func TestSecretEndpoints(t *testing.T) {
	h := newHouse(t)
	scripts := account + "/workers/scripts/w"
	put := `{"name":"A","text":"hidden-value","type":"secret_text"}`
	h.call("PUT", scripts+"/secrets", put).want(t, 404, cfapi.CodeScriptNotFound)
	h.call("GET", scripts+"/secrets", "").want(t, 404, cfapi.CodeScriptNotFound)
	h.call("PATCH", scripts+"/secrets-bulk", `{"secrets":{"A":`+put+`}}`).want(t, 404, cfapi.CodeScriptNotFound)
	h.publish("w", form(envJS))
	answers := []answer{
		h.call("PUT", scripts+"/secrets", put).want(t, 200, 0),
		h.call("PATCH", scripts+"/secrets-bulk", `{"secrets":{"B/C":{"name":"B/C","text":"2","type":"secret_text"}}}`).want(t, 200, 0),
	}
	h.says("w", "/", "A=hidden-value,B/C=2")
	list := h.call("GET", scripts+"/secrets", "").want(t, 200, 0)
	if want := `[{"name":"A","type":"secret_text"},{"name":"B/C","type":"secret_text"}]`; string(list.result) != want {
		t.Errorf("secrets %s, want %s", list.result, want)
	}
	h.call("DELETE", scripts+"/secrets/B%2FC?url_encoded=true", "").want(t, 200, 0)
	h.call("DELETE", scripts+"/secrets/B", "").want(t, 404, cfapi.CodeBindingNotFound)
	h.says("w", "/", "A=hidden-value")

	// Of versions: not in force before it is deployed.
	v := h.call("PATCH", account+"/workers/workers/w/versions/latest",
		`{"env":{"A":null,"N":{"type":"secret_text","text":"new"}},"annotations":{"workers/message":"m"}}`).want(t, 200, 0)
	if !strings.Contains(string(v.result), `"bindings":[{"name":"N","type":"secret_text"}]`) || !strings.Contains(string(v.result), `"workers/triggered_by":"secret"`) {
		t.Errorf("version %s", v.result)
	}
	h.says("w", "/", "A=hidden-value")
	h.call("PUT", scripts+"/secrets", put).want(t, 400, cfapi.CodeLatestUndeployed)
	versions, err := h.client.Versions(t.Context(), "w")
	if err != nil {
		t.Fatal(err)
	}
	deploy := func(id, query string) answer {
		return h.call("POST", scripts+"/deployments"+query, `{"strategy":"percentage","versions":[{"version_id":"`+id+`","percentage":100}]}`)
	}
	deploy(versions[0].ID, "").want(t, 200, 0)
	h.says("w", "/", "N=new")
	refused := deploy(versions[1].ID, "").want(t, 400, cfapi.CodeSecretsChanged)
	if !strings.HasSuffix(refused.errors[0].Message, "The following secrets have changed: A, N") {
		t.Errorf("refused with %q", refused.errors[0].Message)
	}
	deploy(versions[1].ID, "?force=true").want(t, 200, 0)
	h.says("w", "/", "A=hidden-value")
	answers = append(answers, list, v, h.call("GET", scripts+"/settings", ""), h.call("GET", scripts+"/versions/"+versions[1].ID, ""))
	for _, a := range answers {
		if strings.Contains(a.String(), "hidden-value") {
			t.Errorf("an answer has a secret: %s", a)
		}
	}
	for _, body := range []string{"", "[]", `{"name":"A"}`, `{"name":"A","text":"x","type":"secret_key"}`, `{"name":"A","text":{"hidden-value":1}}`} {
		if a := h.call("PUT", scripts+"/secrets", body).want(t, 400, cfapi.CodeMalformedBody); strings.Contains(a.String(), "hidden-value") {
			t.Errorf("a refusal has a secret: %s", a)
		}
	}
}

// Every binding that cannot be inherited is an error of its own.
func TestInheritedBindings(t *testing.T) {
	h := newHouse(t)
	inherit := func(m *cfapi.Metadata) {
		m.Bindings = append(m.Bindings, cfapi.Binding{Name: "X", Type: "inherit"}, cfapi.Binding{Name: "Y", Type: "inherit"})
	}
	_, err := h.client.PutScript(t.Context(), "w", form(envJS, inherit))
	api, ok := err.(interface{ Unwrap() error })
	if ok {
		err = api.Unwrap()
	}
	refused, ok := err.(*cfapi.APIError)
	if !ok || len(refused.Errors) != 2 || refused.Status != 400 {
		t.Fatalf("upload: %v", err)
	}
	for i, name := range []string{"X", "Y"} {
		if e := refused.Errors[i]; e.Code != cfapi.CodeInheritMissing || !strings.HasPrefix(e.Message, "inherit binding '"+name+"' is invalid") {
			t.Errorf("error %d is %+v", i, e)
		}
	}
}
