package cfapi

import (
	"encoding/json"
	"errors"
)

// Observability switches the recording of a script's events.
type Observability struct {
	Enabled          bool
	HeadSamplingRate *float64
	// Fields holds whatever else was sent, as it was sent.
	Fields map[string]json.RawMessage
}

// MarshalJSON writes the fields and those of Fields.
func (o Observability) MarshalJSON() ([]byte, error) {
	out := make(map[string]any, 2+len(o.Fields))
	for name, raw := range o.Fields {
		out[name] = raw
	}
	out["enabled"] = o.Enabled
	if o.HeadSamplingRate != nil {
		out["head_sampling_rate"] = *o.HeadSamplingRate
	}
	return json.Marshal(out)
}

// UnmarshalJSON keeps what it does not know in Fields.
func (o *Observability) UnmarshalJSON(data []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return errors.New("observability must be an object")
	}
	*o = Observability{}
	for name, into := range map[string]any{"enabled": &o.Enabled, "head_sampling_rate": &o.HeadSamplingRate} {
		if raw, ok := fields[name]; ok {
			if err := json.Unmarshal(raw, into); err != nil {
				return errors.New("observability." + name + " has the wrong type")
			}
			delete(fields, name)
		}
	}
	if len(fields) > 0 {
		o.Fields = fields
	}
	return nil
}
