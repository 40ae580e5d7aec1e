package config

import (
	"encoding/json"
	"strings"
)

// Schema returns a JSON schema of configurations, for editors and other tools.
// It knows the table and no more: rules between fields are not in it.
func Schema() []byte {
	top, env := properties{}, properties{}
	definitions := object{}
	each(func(f *field) {
		if f.name == "$schema" { // its name has a meaning of its own
			top.add(f, f.jsonSchema())
			return
		}
		definitions[f.name] = f.jsonSchema()
		top.add(f, object{"$ref": "#/definitions/" + f.name})
		if f.class != topLevel || f.override {
			env.add(f, object{"$ref": "#/definitions/" + f.name})
		}
	})
	definitions["previews"] = previewsSchema()
	definitions["environment"] = object{"type": "object", "additionalProperties": false, "properties": env}
	top["env"] = object{
		"type": "object", "description": lookup("env").doc,
		"additionalProperties": object{"$ref": "#/definitions/environment"},
	}
	delete(definitions, "env")
	text, err := json.MarshalIndent(object{
		"$schema":              "http://json-schema.org/draft-07/schema#",
		"title":                "Configuration of a Worker",
		"type":                 "object",
		"additionalProperties": false,
		"allowTrailingCommas":  true, // a word of editors for JSON with comments
		"properties":           top,
		"definitions":          definitions,
	}, "", "  ")
	if err != nil {
		panic(err) // it is made of texts and numbers only
	}
	return append(text, '\n')
}

type (
	object     map[string]any
	properties map[string]any
)

// add puts in a field under all its names.
func (p properties) add(f *field, schema object) {
	p[f.name] = schema
	if f.old != "" {
		old := object{"deprecated": true}
		for k, v := range schema {
			old[k] = v
		}
		p[f.old] = old
	}
}

func (f *field) jsonSchema() object {
	schema := f.shape.jsonSchema()
	schema["description"] = f.doc
	if f.def != "" {
		schema["description"] = strings.TrimSuffix(f.doc, ".") + ". Default: " + f.def
	}
	if f.deprecated != "" || f.until != "" {
		schema["deprecated"] = true
	}
	return schema
}

// jsonSchema describes a shape, with an alternative for each kind if it takes
// several of them.
func (s *shape) jsonSchema() object {
	if s.kinds == kindAny {
		return object{}
	}
	var forms []any
	for _, one := range []func() object{s.stringSchema, s.numberSchema, s.boolSchema, s.nullSchema, s.arraySchema, s.tableSchema} {
		if form := one(); form != nil {
			forms = append(forms, form)
		}
	}
	if len(forms) == 1 {
		return forms[0].(object)
	}
	return object{"anyOf": forms}
}

func (s *shape) stringSchema() object {
	if s.kinds&(kindString|kindDate) == 0 {
		return nil
	}
	schema := object{"type": "string"}
	if s.enum != nil {
		schema["enum"] = s.enum
	}
	if s.format != nil && s.format.pattern != "" {
		schema["pattern"] = s.format.pattern
	}
	return schema
}

func (s *shape) numberSchema() object {
	if s.kinds&kindNumber == 0 {
		return nil
	}
	schema := object{"type": "number"}
	if s.whole {
		schema["type"] = "integer"
	}
	if s.max > s.min {
		schema["minimum"] = s.min
		if s.max != unlimited {
			schema["maximum"] = s.max
		}
	}
	return schema
}

func (s *shape) boolSchema() object {
	if s.kinds&kindBool == 0 {
		return nil
	}
	return object{"type": "boolean"}
}

func (s *shape) nullSchema() object {
	if s.kinds&kindNull == 0 {
		return nil
	}
	return object{"type": "null"}
}

func (s *shape) arraySchema() object {
	if s.kinds&kindArray == 0 {
		return nil
	}
	schema := object{"type": "array"}
	if s.elem != nil {
		schema["items"] = s.elem.jsonSchema()
	}
	return schema
}

func (s *shape) tableSchema() object {
	if s.kinds&kindTable == 0 {
		return nil
	}
	schema := object{"type": "object"}
	var required []string
	if s.fields != nil {
		p := properties{}
		for _, f := range s.fields {
			p.add(f, f.jsonSchema())
			if f.must && f.old == "" { // either name will do, which is not said here
				required = append(required, f.name)
			}
		}
		schema["properties"] = p
		schema["additionalProperties"] = s.open
	}
	if required != nil {
		schema["required"] = required
	}
	if s.values != nil {
		schema["additionalProperties"] = s.values.jsonSchema()
	}
	if s.keys != nil && s.keys.pattern != "" {
		schema["propertyNames"] = object{"pattern": s.keys.pattern}
	}
	return schema
}

// previewsSchema has what environments may have, as far as it concerns
// previews.
func previewsSchema() object {
	p := properties{}
	each(func(f *field) {
		if previewed(f) {
			p.add(f, object{"$ref": "#/definitions/" + f.name})
		}
	})
	return object{"type": "object", "description": lookup("previews").doc, "additionalProperties": false, "properties": p}
}
