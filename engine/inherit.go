package engine

import "os"

// inherited collects the files that a child gets as descriptors 3, 4, …
type inherited []*os.File

// add passes a file and returns its number in the child.
func (in *inherited) add(f *os.File) int {
	*in = append(*in, f)
	return len(*in) + 2
}
