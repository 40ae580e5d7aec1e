package engine

import (
	"encoding/json"
	"fmt"
)

// A Report is what a generated worker said about its exports.
type Report struct {
	Handlers   []string // of the default export: fetch, scheduled, queue, …
	Classes    []Export // exported classes
	Others     []Export // other exports but the default; Kind as in typeof
	HasDefault bool
}

// An Export is a named export of a worker.
type Export struct {
	Name string
	Kind string
}

// The kinds of exported classes.
const (
	KindDurableObject = "durable-object" // extends DurableObject
	KindEntrypoint    = "entrypoint"     // extends WorkerEntrypoint
	KindWorkflow      = "workflow"       // extends WorkflowEntrypoint
	KindClass         = "class"          // any other, which may implement an object, too
)

// HasClass reports whether a class of that name is exported that can
// implement Durable Objects.
func (r Report) HasClass(name string) bool {
	for _, c := range r.Classes {
		if c.Name == name {
			return c.Kind == KindDurableObject || c.Kind == KindClass
		}
	}
	return false
}

// parseReport reads the payload of a report, as js/report.js writes it.
func parseReport(payload []byte) (worker string, r Report, err error) {
	var wire struct {
		Worker     string   `json:"worker"`
		HasDefault bool     `json:"hasDefault"`
		Handlers   []string `json:"handlers"`
		Exports    []Export `json:"exports"`
	}
	if err := json.Unmarshal(payload, &wire); err != nil {
		return "", Report{}, fmt.Errorf("read report of exports: %w", err)
	}
	r = Report{Handlers: wire.Handlers, HasDefault: wire.HasDefault}
	for _, e := range wire.Exports {
		switch e.Kind {
		case KindDurableObject, KindEntrypoint, KindWorkflow, KindClass:
			r.Classes = append(r.Classes, e)
		default:
			r.Others = append(r.Others, e)
		}
	}
	return wire.Worker, r, nil
}
