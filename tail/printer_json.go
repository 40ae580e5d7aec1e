package tail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"unicode/utf8"
)

// JSON prints messages for programs: each as one compact line, exactly as it
// came, whatever fields the server has put in.
type JSON struct {
	out io.Writer
	mu  sync.Mutex
}

// NewJSON returns a printer to out.
func NewJSON(out io.Writer) *JSON { return &JSON{out: out} }

// Print prints one message. What is no JSON is not printed.
func (p *JSON) Print(message []byte) error {
	var line bytes.Buffer
	if err := json.Compact(&line, message); err != nil {
		return fmt.Errorf("read tail message: %w", err)
	}
	line.WriteByte('\n')
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.out.Write(escapeJSON(line.Bytes())); err != nil {
		return fmt.Errorf("print tail message: %w", err)
	}
	return nil
}

// escapeJSON escapes the control characters that JSON allows as they are, and
// terminals obey. They can only stand within strings.
func escapeJSON(line []byte) []byte {
	harmful := func(r rune) bool { return r >= 0x7f && r < 0xa0 }
	if !bytes.ContainsFunc(line, harmful) {
		return line
	}
	out := make([]byte, 0, len(line)+16)
	for len(line) > 0 {
		r, size := utf8.DecodeRune(line)
		if harmful(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = append(out, line[:size]...)
		}
		line = line[size:]
	}
	return out
}
