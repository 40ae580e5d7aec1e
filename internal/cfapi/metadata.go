package cfapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
)

// Metadata is the JSON part of an upload form. Exactly one of MainModule (ES
// modules) and BodyPart (a service-worker script) names the part to start with;
// both are empty when only static assets are uploaded.
type Metadata struct {
	MainModule         string              `json:"main_module,omitempty"`
	BodyPart           string              `json:"body_part,omitempty"`
	Bindings           []Binding           `json:"bindings"`
	CompatibilityDate  string              `json:"compatibility_date,omitempty"`
	CompatibilityFlags []string            `json:"compatibility_flags"`
	Migrations         *Migrations         `json:"migrations,omitempty"` // only what is pending
	KeepBindings       []string            `json:"keep_bindings,omitempty"`
	Annotations        map[string]string   `json:"annotations,omitempty"`
	Observability      *Observability      `json:"observability,omitempty"`
	CodeUpdateStrategy *CodeUpdateStrategy `json:"code_update_strategy,omitempty"`
	Logpush            *bool               `json:"logpush,omitempty"`
	Assets             *Assets             `json:"assets,omitempty"`
	KeepAssets         bool                `json:"keep_assets,omitempty"` // of the version before
	Paddock            *UploadExtras       `json:"paddock,omitempty"`

	// The following are kept as they were sent.
	Exports                json.RawMessage `json:"exports,omitempty"`
	Containers             json.RawMessage `json:"containers,omitempty"`
	Limits                 json.RawMessage `json:"limits,omitempty"`
	Placement              json.RawMessage `json:"placement,omitempty"`
	TailConsumers          json.RawMessage `json:"tail_consumers,omitempty"`
	StreamingTailConsumers json.RawMessage `json:"streaming_tail_consumers,omitempty"`

	// More is further fields, which are sent as they are and go before those
	// above. Servers leave it alone.
	More map[string]json.RawMessage `json:"-"`
}

// MarshalJSON sends empty lists as [], which is what the API expects. Where there
// is no code there is no list of bindings either.
func (m Metadata) MarshalJSON() ([]byte, error) {
	type plain Metadata // without this method
	if m.Bindings == nil {
		m.Bindings = []Binding{}
	}
	if m.CompatibilityFlags == nil {
		m.CompatibilityFlags = []string{}
	}
	data, err := json.Marshal(plain(m))
	onlyFiles := m.Assets != nil && m.MainModule == "" && m.BodyPart == "" && len(m.Bindings) == 0
	if err != nil || len(m.More) == 0 && !onlyFiles {
		return data, err
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	if onlyFiles {
		delete(fields, "bindings")
	}
	maps.Copy(fields, m.More)
	return json.Marshal(fields)
}

// UnmarshalJSON treats null like an absent field, also in the raw ones.
func (m *Metadata) UnmarshalJSON(data []byte) error {
	type plain Metadata // without this method
	*m = Metadata{}
	if err := json.Unmarshal(data, (*plain)(m)); err != nil {
		return err
	}
	for _, raw := range []*json.RawMessage{
		&m.Exports, &m.Containers, &m.Limits, &m.Placement, &m.TailConsumers, &m.StreamingTailConsumers,
	} {
		if isNull(*raw) {
			*raw = nil
		}
	}
	return nil
}

// Keys of annotations. The first two are set by clients, the last one by
// servers: it tells what made a version or a deployment ("upload", "secret",
// "rollback").
const (
	AnnotationMessage     = "workers/message"
	AnnotationTag         = "workers/tag"
	AnnotationTriggeredBy = "workers/triggered_by"
)

// CodeUpdateStrategy says when running objects take up new code: Mode is
// "immediate", or "deferred" for at most MaxDelay seconds.
type CodeUpdateStrategy struct {
	Mode     string   `json:"mode"`
	MaxDelay *float64 `json:"max_delay,omitempty"`
}

// Migrations is the class migrations that an upload brings along. Steps is a
// JSON array with an object of directives for each step; it stays raw because
// its meaning belongs to whoever plans or applies it.
type Migrations struct {
	OldTag string          `json:"old_tag,omitempty"`
	NewTag string          `json:"new_tag,omitempty"`
	Steps  json.RawMessage `json:"steps"`
}

// MarshalJSON sends absent steps as [].
func (m Migrations) MarshalJSON() ([]byte, error) {
	type plain Migrations // without this method
	if len(m.Steps) == 0 {
		m.Steps = json.RawMessage("[]")
	}
	return json.Marshal(plain(m))
}

// UnmarshalJSON also takes the short form with the directives of a single step
// next to the tags, and turns it into a list of one.
func (m *Migrations) UnmarshalJSON(data []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return errors.New("migrations must be an object")
	}
	*m = Migrations{}
	for name, into := range map[string]*string{"old_tag": &m.OldTag, "new_tag": &m.NewTag} {
		if raw, ok := fields[name]; ok {
			if err := json.Unmarshal(raw, into); err != nil {
				return fmt.Errorf("migrations.%s must be a string", name)
			}
			delete(fields, name)
		}
	}
	steps := fields["steps"]
	delete(fields, "steps")
	if isNull(steps) {
		return m.setSingleStep(fields)
	}
	if len(fields) > 0 {
		return errors.New("migrations has both steps and the directives of a single step")
	}
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(steps, &list); err != nil {
		return errors.New("migrations.steps must be an array of objects")
	}
	m.Steps = steps
	return nil
}

// setSingleStep makes the fields that are left the only step, if there are any.
func (m *Migrations) setSingleStep(fields map[string]json.RawMessage) error {
	steps := []map[string]json.RawMessage{}
	if len(fields) > 0 {
		steps = append(steps, fields)
	}
	raw, err := json.Marshal(steps)
	m.Steps = raw
	return err
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }
