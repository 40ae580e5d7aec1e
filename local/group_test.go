package local

import (
	"testing"

	"paddock/engine"
)

func TestCovers(t *testing.T) {
	running := func() *group {
		return &group{plan: plan{
			versions:  map[string]string{"a": "v1"},
			config:    engine.Config{Workers: []engine.Worker{{Name: "a", Bindings: []engine.Binding{engine.TextBinding("T", "1")}}}},
			collected: map[string]bool{"a": true},
		}}
	}
	tests := []struct {
		name   string
		change func(*plan)
		want   bool
	}{
		{"the same", func(*plan) {}, true},
		{"no collector needed any more", func(p *plan) { p.collected = nil }, true},
		{"collector for another script", func(p *plan) { p.collected["b"] = true }, false},
		{"another version", func(p *plan) { p.versions["a"] = "v2" }, false},
		{"one more script", func(p *plan) { p.versions["b"] = "v1" }, false},
		// A class behind a binding may change its name without a new version
		// of the script that has the binding.
		{"another binding", func(p *plan) { p.config.Workers[0].Bindings[0] = engine.TextBinding("T", "2") }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := running().plan
			tt.change(&p)
			if got := running().covers(p); got != tt.want {
				t.Errorf("covers = %v", got)
			}
			halted := running()
			halted.halted = true
			if halted.covers(p) {
				t.Error("a group without an engine covers it")
			}
		})
	}
}
