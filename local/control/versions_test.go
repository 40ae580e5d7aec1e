package control

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"paddock/internal/cfapi"
)

// The way of Wrangler from its second deploy on: a version, a deployment of it,
// and the settings.
func TestVersionsPath(t *testing.T) {
	h := newHouse(t)
	scripts := account + "/workers/scripts/counter"
	for _, call := range []string{"GET /versions", "GET /versions/x", "GET /settings", "GET /script-settings"} {
		method, path, _ := strings.Cut(call, " ")
		h.call(method, scripts+path, "").want(t, 404, cfapi.CodeScriptNotFound)
	}
	h.call("POST", scripts+"/deployments", `{"strategy":"percentage","versions":[{"version_id":"x","percentage":100}]}`).want(t, 404, cfapi.CodeScriptNotFound)
	h.call("PATCH", scripts+"/script-settings", `{"tags":[]}`).want(t, 404, cfapi.CodeScriptNotFound)

	first := h.publish("counter", form(fmt.Sprintf(counting, "Counter"), binds("C", "Counter", ""), migrations("", "v1", `[{"new_sqlite_classes":["Counter"]}]`)))
	h.says("counter", "/", "Counter 1")
	next := form(strings.ReplaceAll(fmt.Sprintf(counting, "Counter"), `"Counter "`, `"Second "`), binds("C", "Counter", ""))
	next.Metadata.Annotations = map[string]string{"workers/message": "a remark", "workers/tag": "a tag"}
	v, err := h.client.UploadVersion(t.Context(), "counter", next)
	if err != nil {
		t.Fatal(err)
	}
	if v.Resources == nil || len(v.Resources.Bindings) != 1 || len(v.Resources.Bindings[0].NamespaceID) != 32 ||
		v.Resources.ScriptRuntime.MigrationTag != "v1" || v.Number != 2 || v.Metadata.HasPreview {
		t.Errorf("uploaded %+v, %+v", v, v.Resources)
	}
	h.says("counter", "/", "Counter 2")
	a := h.call("POST", scripts+"/deployments", `{"strategy":"percentage","versions":[{"version_id":"`+v.ID+`","percentage":100}],
		"annotations":{"workers/message":"go"},"code_update_strategy":{"mode":"deferred","max_delay":300}}`).want(t, 200, 0)
	var made cfapi.Deployment
	if err := json.Unmarshal(a.result, &made); err != nil || made.ID == "" || made.Annotations["workers/message"] != "go" {
		t.Errorf("deployment %s, %v", a.result, err)
	}
	h.says("counter", "/", "Second 3")
	a = h.call("PATCH", scripts+"/script-settings", `{"observability":{"enabled":true},"tags":["cf:service=counter"],"logpush":false}`).want(t, 200, 0)
	if want := `{"logpush":false,"observability":{"enabled":true},"tags":["cf:service=counter"],"tail_consumers":[]}`; string(a.result) != want {
		t.Errorf("settings %s, want %s", a.result, want)
	}
	h.says("counter", "/", "Second 4")
	if a := h.call("PATCH", scripts+"/script-settings", `{}`).want(t, 200, 0); !strings.Contains(string(a.result), "cf:service=counter") {
		t.Errorf("a patch of nothing has changed the settings to %s", a.result)
	}
	if a := h.call("GET", scripts+"/settings", "").want(t, 200, 0); !strings.HasPrefix(string(a.result), `{"bindings":[{`) {
		t.Errorf("settings %s", a.result)
	}

	list, err := h.client.Versions(t.Context(), "counter")
	if err != nil || len(list) != 2 || list[0].ID != v.ID || list[1].ID != first.DeploymentID || list[0].Resources != nil {
		t.Fatalf("versions %+v, %v", list, err)
	}
	if notes := list[0].Annotations; notes["workers/message"] != "a remark" || notes["workers/tag"] != "a tag" || notes["workers/triggered_by"] != "upload" {
		t.Errorf("annotations %v", notes)
	}
	if !wellFormed(list[0].Metadata.CreatedOn) || list[0].Metadata.CreatedOn <= list[1].Metadata.CreatedOn {
		t.Errorf("times %q and %q", list[0].Metadata.CreatedOn, list[1].Metadata.CreatedOn)
	}
	h.call("GET", scripts+"/versions/nothing", "").want(t, 404, cfapi.CodeNoVersion)
	h.call("POST", scripts+"/deployments", `{"versions":[]}`).want(t, 400, cfapi.CodeMalformedBody)
	h.call("POST", scripts+"/deployments", `not JSON`).want(t, 400, cfapi.CodeMalformedBody)
	h.call("POST", scripts+"/deployments", `{"strategy":"fast"}`).want(t, 400, cfapi.CodeMalformedBody)
	form := form("export default {}", migrations("v1", "v2", `[{}]`))
	if _, err := h.client.UploadVersion(t.Context(), "counter", form); !cfapi.HasCode(err, cfapi.CodeMigrationInVersion) {
		t.Errorf("a version with migrations: %v", err)
	}
}
