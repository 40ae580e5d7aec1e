package config

import "encoding/json"

// Cloud is what of a configuration means something at Cloudflare only. Values
// that are passed on as they are, are JSON; nil is not configured.
type Cloud struct {
	AccountID       string // "" if not said
	Service         string // name at the top level, which groups environments; "" if it has none
	Environments    bool   // the file has named environments
	PreviewURLs     *bool
	Logpush         *bool
	KeepVars        bool
	NoSourceMaps    bool
	RequiredSecrets []string

	Observability          json.RawMessage
	Limits                 json.RawMessage
	Placement              json.RawMessage
	Cache                  json.RawMessage
	TailConsumers          json.RawMessage
	StreamingTailConsumers json.RawMessage
	CodeUpdate             json.RawMessage // when running objects take up new code
}

// sentToCloud are fields that paddock itself does not act on, and Cloudflare
// does.
var sentToCloud = []string{
	"preview_urls", "limits", "placement", "cache", "tail_consumers", "streaming_tail_consumers", "code_update_strategy",
}

// cloud reads what is meant for Cloudflare out of the values that count.
func (r *resolver) cloud() Cloud {
	c := Cloud{
		AccountID: r.values["account_id"].text(), Service: r.file.root.get("name").text(), Environments: len(r.file.Environments()) > 0,
		PreviewURLs: r.values["preview_urls"].flag(), Logpush: r.values["logpush"].flag(),
		KeepVars: r.values["keep_vars"].truth(), RequiredSecrets: r.values["secrets"].get("required").texts(),
		Observability: r.values["observability"].json(), Limits: r.values["limits"].json(), Placement: placement(r.values["placement"]),
		Cache: r.values["cache"].json(), TailConsumers: r.values["tail_consumers"].json(),
		StreamingTailConsumers: r.values["streaming_tail_consumers"].json(),
		CodeUpdate:             r.values["durable_objects"].get("code_update_strategy").json(),
	}
	if upload := r.values["upload_source_maps"].flag(); upload != nil {
		c.NoSourceMaps = !*upload
	}
	return c
}

// json returns the value as JSON, nil for none.
func (n *node) json() json.RawMessage {
	if n == nil || n.is(kindNull) {
		return nil
	}
	data, err := json.Marshal(n.plain())
	if err != nil {
		return nil // nothing in a configuration is beyond JSON
	}
	return data
}

// placement gives a placement the form that the API knows. A place to be close
// to need not be marked as targeted, and off is the absence of all.
func placement(n *node) json.RawMessage {
	if hint := n.get("hint").text(); hint != "" || n.get("mode").text() == "smart" {
		out := map[string]string{"mode": "smart"}
		if hint != "" {
			out["hint"] = hint
		}
		return asJSON(out)
	}
	if n.get("mode").text() == "off" {
		return nil
	}
	for _, key := range []string{"region", "host", "hostname"} {
		if value := n.get(key).text(); value != "" {
			return asJSON(map[string]string{"mode": "targeted", key: value})
		}
	}
	return nil
}

func asJSON(texts map[string]string) json.RawMessage {
	data, _ := json.Marshal(texts) // texts cannot fail
	return data
}
