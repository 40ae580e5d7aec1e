package engine

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// splitLines calls emit for every line of r until r ends. Of a line longer
// than limit the rest is dropped. emit must not keep the slice.
func splitLines(r io.Reader, limit int, emit func(line []byte)) {
	const usual = 64 << 10
	br := bufio.NewReaderSize(r, usual)
	var line []byte
	begun := false
	for {
		part, err := br.ReadSlice('\n')
		if err == nil {
			part = bytes.TrimSuffix(part, []byte("\n"))
		}
		begun = begun || err == nil || len(part) > 0
		line = append(line, part[:min(len(part), limit-len(line))]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if begun {
			emit(line)
		}
		if err != nil {
			return // the end, or a pipe that was closed
		}
		begun = false
		if line = line[:0]; cap(line) > usual {
			line = nil // one long line does not stay in memory for good
		}
	}
}

// recentLines keeps the last lines of a text.
type recentLines struct {
	limit int // bytes
	lines []string
	size  int
}

func (r *recentLines) add(line string) {
	if len(line) > r.limit {
		line = strings.Clone(line[:r.limit]) // lets go of the rest
	}
	r.lines = append(r.lines, line)
	r.size += len(line) + 1
	for r.size > r.limit && len(r.lines) > 1 {
		r.size -= len(r.lines[0]) + 1
		r.lines = r.lines[1:]
	}
}
