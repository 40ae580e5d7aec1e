package cfapi

import (
	"encoding/json"
	"fmt"
	"maps"
)

// Types of bindings that are told apart when scripts are uploaded and run.
const (
	BindingPlainText     = "plain_text"
	BindingJSON          = "json"
	BindingSecretText    = "secret_text"
	BindingDurableObject = "durable_object_namespace"
	BindingKVNamespace   = "kv_namespace"
	BindingD1            = "d1"
	BindingQueue         = "queue"
	BindingService       = "service"
	BindingVersion       = "version_metadata"
	BindingAssets        = "assets"
	BindingInherit       = "inherit"
)

// Binding is one entry of a script's env. Which fields count depends on Type;
// whatever has no field here is in Fields, as it was sent, so that bindings of
// unknown types survive a round trip.
type Binding struct {
	Name string
	Type string

	Text string          // plain_text, secret_text
	JSON json.RawMessage // json: any value

	// durable_object_namespace. An empty ScriptName means the script itself;
	// servers always return NamespaceID.
	ClassName   string
	ScriptName  string
	Environment string
	NamespaceID string // also of kv_namespace

	ID        string // d1: the database
	QueueName string // queue

	// service. An empty Entrypoint is the default export; Props is an object,
	// which arrives there as ctx.props.
	Service    string
	Entrypoint string
	Props      json.RawMessage

	Fields map[string]json.RawMessage
}

// String names the binding. It exists so that a binding printed by accident
// does not show a secret.
func (b Binding) String() string { return fmt.Sprintf("%s (%s)", b.Name, b.Type) }

// GoString is String, for the same reason.
func (b Binding) GoString() string { return b.String() }

// texts lists the string fields that a binding of this type has.
func (b *Binding) texts() map[string]*string {
	switch b.Type {
	case BindingPlainText, BindingSecretText:
		return map[string]*string{"text": &b.Text}
	case BindingDurableObject:
		return map[string]*string{
			"class_name": &b.ClassName, "script_name": &b.ScriptName,
			"environment": &b.Environment, "namespace_id": &b.NamespaceID,
		}
	case BindingKVNamespace:
		return map[string]*string{"namespace_id": &b.NamespaceID}
	case BindingD1:
		return map[string]*string{"id": &b.ID}
	case BindingQueue:
		return map[string]*string{"queue_name": &b.QueueName}
	case BindingService:
		return map[string]*string{"service": &b.Service, "entrypoint": &b.Entrypoint, "environment": &b.Environment}
	}
	return nil
}

// MarshalJSON writes the fields that belong to the type, and those of Fields.
// An empty secret text is left out, as in answers that list secrets.
func (b Binding) MarshalJSON() ([]byte, error) {
	out := make(map[string]any, 4+len(b.Fields))
	for name, raw := range b.Fields {
		out[name] = raw
	}
	for name, text := range b.texts() {
		if *text != "" || b.Type == BindingPlainText {
			out[name] = *text
		}
	}
	if b.Type == BindingJSON {
		out["json"] = b.JSON // nil becomes null
	}
	if b.Type == BindingService && len(b.Props) > 0 {
		out["props"] = b.Props
	}
	out["name"], out["type"] = b.Name, b.Type
	return json.Marshal(out)
}

// UnmarshalJSON reads a binding of any type. Its errors name the binding and
// never quote a value, which may be a secret.
func (b *Binding) UnmarshalJSON(data []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil || fields == nil {
		return fmt.Errorf("a binding must be an object")
	}
	*b = Binding{}
	for _, key := range []struct {
		name string
		into *string
	}{{"name", &b.Name}, {"type", &b.Type}} {
		if err := takeString(fields, key.name, key.into); err != nil || *key.into == "" {
			return fmt.Errorf("binding %q has no %s", b.Name, key.name)
		}
	}
	for name, into := range b.texts() {
		if err := takeString(fields, name, into); err != nil {
			return fmt.Errorf("binding %q: %s must be a string", b.Name, name)
		}
	}
	if b.Type == BindingJSON {
		value, ok := fields["json"]
		if !ok {
			return fmt.Errorf("binding %q: json is missing", b.Name)
		}
		b.JSON = value
		delete(fields, "json")
	}
	if b.Type == BindingService {
		if b.Props = fields["props"]; string(b.Props) == "null" {
			b.Props = nil
		}
		delete(fields, "props")
	}
	if len(fields) > 0 {
		b.Fields = maps.Clone(fields)
	}
	return nil
}

// ResourceID returns the id or name of the resource that a binding is to, a KV
// namespace or whatever else is kept apart from scripts. It is "" for bindings
// of other types, and for those that leave the resource open.
func (b Binding) ResourceID() string {
	switch b.Type {
	case BindingKVNamespace:
		return b.NamespaceID
	case BindingD1:
		return b.ID
	case BindingQueue:
		return b.QueueName
	}
	return ""
}

// Inherit is what a binding of type inherit takes over.
type Inherit struct {
	Name      string // there; here it may have another one
	VersionID string // of the version, "" for the previous one
}

// Inherit returns what a binding of type inherit takes over.
func (b Binding) Inherit() (Inherit, error) {
	from, fields := Inherit{Name: b.Name}, maps.Clone(b.Fields)
	if err := takeString(fields, "old_name", &from.Name); err != nil {
		return from, fmt.Errorf("binding %q: old_name must be a string", b.Name)
	}
	if err := takeString(fields, "version_id", &from.VersionID); err != nil {
		return from, fmt.Errorf("binding %q: version_id must be a string", b.Name)
	}
	return from, nil
}

// takeString moves a string out of fields; absent and null leave into alone.
func takeString(fields map[string]json.RawMessage, name string, into *string) error {
	raw, ok := fields[name]
	if !ok {
		return nil
	}
	delete(fields, name)
	return json.Unmarshal(raw, into)
}
