package migrate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// Whatever two scripts declare, in whatever order: no namespace is lost but
// those that are told to be deleted, none changes its key or its storage, no
// two have one label, and what is done is not done again.
func TestReconcileAtRandom(t *testing.T) {
	accepted := map[string]int{}
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 0))
		w := &randomWorld{rng: rng, code: map[string][]string{}}
		for range 12 {
			script := []string{"a", "b"}[rng.IntN(2)]
			declared, code := w.declaration(script)
			state := w.state(script, code)
			change, err := Reconcile(state, declared)
			if refused := (*Refusal)(nil); errors.As(err, &refused) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := w.check(change); err != nil {
				t.Fatalf("seed %d, %s declares %+v with code %v:\n%v", seed, script, declared, code, err)
			}
			w.rows, w.handovers, w.code[script] = change.Namespaces, change.Handovers, code
			for _, e := range change.Effects {
				accepted[e.Kind]++
			}
			again, err := Reconcile(w.state(script, code), declared)
			done := slices.ContainsFunc(again.Effects, func(e Effect) bool { return e.Kind != "pending" })
			if err != nil || done || !slices.Equal(again.Namespaces, w.rows) || !slices.Equal(again.Handovers, w.handovers) {
				t.Fatalf("seed %d, %s declares %+v with code %v again: %+v, %v", seed, script, declared, code, again, err)
			}
		}
	}
	for _, kind := range []string{"create", "rename", "delete", "transfer", "pending"} {
		if accepted[kind] < 50 {
			t.Errorf("%q happened %d times only", kind, accepted[kind])
		}
	}
}

type randomWorld struct {
	rng       *rand.Rand
	rows      []Namespace
	handovers []Handover
	code      map[string][]string // script -> what its code exports
	keys      int
}

// declaration makes up what a script says of its classes, and its code: mostly
// what there is, with a change now and then.
func (w *randomWorld) declaration(script string) (declared []Export, code []string) {
	other := map[string]string{"a": "b", "b": "a"}[script]
	for _, class := range []string{"A", "B", "C"} {
		i := slices.IndexFunc(w.rows, func(n Namespace) bool { return n.Script == script && n.Class == class })
		storage := []string{StorageSQLite, StorageKeyValue}[w.rng.IntN(2)]
		if i >= 0 && w.rng.IntN(10) > 0 {
			storage = map[bool]string{true: StorageSQLite, false: StorageKeyValue}[w.rows[i].SQLite]
		}
		e := Export{Class: class, State: StateCreated, Storage: storage}
		inCode := w.rng.IntN(10) > 0
		switch w.rng.IntN(8) {
		case 0:
			e, inCode = Export{Class: class, State: StateDeleted}, w.rng.IntN(5) == 0
		case 1:
			e, inCode = Export{Class: class, State: StateRenamed, RenamedTo: []string{"A", "B", "C"}[w.rng.IntN(3)]}, w.rng.IntN(2) == 0
		case 2:
			e = Export{Class: class, State: StateTransferred, TransferredTo: other}
		case 3:
			e = Export{Class: class, State: StateExpecting, Storage: storage, TransferFrom: other}
		case 4:
			if i < 0 {
				continue // not declared, and not there
			}
		}
		declared = append(declared, e)
		if inCode {
			code = append(code, class)
		}
	}
	return declared, code
}

func (w *randomWorld) state(script string, code []string) State {
	return State{
		Script: script, Namespaces: w.rows, Exports: code, NewKey: func() string { w.keys++; return fmt.Sprint("k", w.keys) },
		Declared: Declared{Scripts: w.code, Handovers: w.handovers},
	}
}

// check holds a change against the table before.
func (w *randomWorld) check(c Change) error {
	labels := map[[2]string]bool{}
	for _, n := range c.Namespaces {
		label := [2]string{n.Script, n.Class}
		if labels[label] {
			return fmt.Errorf("two namespaces are %v", label)
		}
		labels[label] = true
	}
	for _, before := range w.rows {
		i := slices.IndexFunc(c.Namespaces, func(n Namespace) bool { return n.Key == before.Key })
		told := slices.ContainsFunc(c.Effects, func(e Effect) bool { return e.Kind == "delete" && e.Key == before.Key })
		switch {
		case i < 0 && !(told && slices.Contains(c.Deleted, before)):
			return fmt.Errorf("%+v is lost", before)
		case i >= 0 && c.Namespaces[i].SQLite != before.SQLite:
			return fmt.Errorf("%+v has changed its storage", before)
		}
	}
	return nil
}
