package proc

import (
	"errors"
	"os"
)

// terminate always fails: Windows has no polite signal for a process without
// a console window, so the caller is left with the kill.
func terminate(*os.Process) error { return errors.ErrUnsupported }

func raiseFileLimit() {}
