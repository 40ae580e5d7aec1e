package engine

import (
	"errors"
	"fmt"
)

// listenSockets always fails: a Windows process cannot inherit a socket by
// number, and the engine cannot take it another way.
func listenSockets([]Worker, []string) (*socketSet, error) {
	return nil, fmt.Errorf("run the engine on Windows: %w", errors.ErrUnsupported)
}

func socketBases(string) []string { return nil }
