package store

import (
	"path/filepath"
	"testing"
)

// What was read may be kept for as long as the number of changes stays.
func TestChanges(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	before := s.Changes()
	if _, err := s.Deployed(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.Changes(); got != before {
		t.Errorf("a read counts as %d changes", got-before)
	}
	if _, err := s.Publish(t.Context(), publication("w")); err != nil {
		t.Fatal(err)
	}
	if s.Changes() == before {
		t.Error("a publish is no change")
	}
}

// A publish that leaves a namespace out without deleting it is a mistake, and
// nothing happens.
func TestPublishMustNotForgetNamespaces(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	p := publication("w")
	p.Namespaces = []Namespace{{Key: "k1", Script: "w", Class: "A"}, {Key: "k2", Script: "w", Class: "B"}}
	d, err := s.Publish(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	p = publication("w")
	p.ExpectDeployment, p.Namespaces = d.Deployment.ID, []Namespace{{Key: "k1", Script: "w", Class: "A"}}
	if _, err := s.Publish(t.Context(), p); err == nil {
		t.Error("a namespace was forgotten")
	}
	// Labels may be swapped.
	p.Namespaces = []Namespace{{Key: "k1", Script: "w", Class: "B"}, {Key: "k2", Script: "w", Class: "A"}}
	if _, err := s.Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	list, err := s.Namespaces(t.Context())
	if err != nil || len(list) != 2 || list[0].Key != "k2" || list[1].Key != "k1" {
		t.Errorf("namespaces %+v, %v", list, err)
	}
}
