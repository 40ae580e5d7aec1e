package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// The functions in this file write the lines that a hint asks the user to add,
// in the syntax of the user's file.

func (f *File) dateSnippet(date string) string {
	if f.syntax == syntaxJSON {
		return fmt.Sprintf("    \"compatibility_date\": %s,", literal(date))
	}
	return "    compatibility_date = " + literal(date)
}

func (f *File) environmentSnippet(env string) string {
	if f.syntax == syntaxJSON {
		return fmt.Sprintf("    \"env\": { %s: {} }", literal(env))
	}
	return fmt.Sprintf("    [env.%s]", tomlKey(env))
}

func (f *File) migrationsSnippet(classes []string) string {
	quoted := make([]string, len(classes))
	for i, class := range classes {
		quoted[i] = literal(class)
	}
	list := strings.Join(quoted, ", ")
	if f.syntax == syntaxJSON {
		return fmt.Sprintf("    \"migrations\": [\n      { \"tag\": \"v1\", \"new_classes\": [%s] }\n    ]", list)
	}
	return fmt.Sprintf("    [[migrations]]\n    tag = \"v1\"\n    new_classes = [%s]", list)
}

// bindingsSnippet writes the bindings into an environment.
func (f *File) bindingsSnippet(env string, bindings []DurableObject) string {
	assign, open, end := " = ", "    [env.%s]\n    durable_objects.bindings = [\n", "    ]"
	key, name := func(s string) string { return s }, tomlKey(env)
	if f.syntax == syntaxJSON {
		assign, open, end = ": ", "    %s: {\n    \"durable_objects\": { \"bindings\": [\n", "    ] } }"
		key, name = literal, literal(env)
	}
	var b strings.Builder
	fmt.Fprintf(&b, open, name)
	for i, d := range bindings {
		pairs := []string{key("name") + assign + literal(d.Name), key("class_name") + assign + literal(d.Class)}
		if d.Script != "" {
			pairs = append(pairs, key("script_name")+assign+literal(d.Script))
		}
		comma := ","
		if i == len(bindings)-1 {
			comma = ""
		}
		fmt.Fprintf(&b, "      { %s }%s\n", strings.Join(pairs, ", "), comma)
	}
	b.WriteString(end)
	return b.String()
}

// literal writes a string as JSON does, which TOML reads alike.
func literal(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return `""` // a string cannot fail to encode
	}
	return strings.TrimSpace(b.String())
}

// tomlKey writes a key of TOML.
func tomlKey(s string) string {
	bare := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-'
	}
	if s != "" && strings.TrimFunc(s, bare) == "" {
		return s
	}
	return literal(s)
}
