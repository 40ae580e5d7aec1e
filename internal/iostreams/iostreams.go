// Package iostreams makes the terminal a value: the three streams of a
// command, and what is known about them. Commands write results to Out and
// everything else to Err, and ask the Streams, not the environment, whether
// they may color or draw.
package iostreams

import (
	"bytes"
	"io"
	"os"

	"github.com/fatih/color"
	"golang.org/x/term"
)

// Streams are the input and outputs of one command.
type Streams struct {
	In  io.Reader
	Out io.Writer // results
	Err io.Writer // notices, progress, diagnostics

	OutTTY bool // Out is a terminal
	ErrTTY bool // Err is a terminal
	InTTY  bool // In is a terminal, so that a person can be asked

	noColor bool
}

// System returns the streams of this process. Color is off when NO_COLOR is
// set to anything, or TERM is "dumb".
func System() *Streams {
	return &Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		OutTTY:  term.IsTerminal(int(os.Stdout.Fd())),
		ErrTTY:  term.IsTerminal(int(os.Stderr.Fd())),
		InTTY:   term.IsTerminal(int(os.Stdin.Fd())),
		noColor: os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb",
	}
}

// Test returns streams made of buffers, none of which is a terminal.
func Test() (s *Streams, in, out, errOut *bytes.Buffer) {
	in, out, errOut = new(bytes.Buffer), new(bytes.Buffer), new(bytes.Buffer)
	return &Streams{In: in, Out: out, Err: errOut}, in, out, errOut
}

// OutColor reports whether Out may be colored.
func (s *Streams) OutColor() bool { return s.OutTTY && !s.noColor }

// ErrColor reports whether Err may be colored.
func (s *Streams) ErrColor() bool { return s.ErrTTY && !s.noColor }

// Plain returns the same streams without any color.
func (s *Streams) Plain() *Streams {
	plain := *s
	plain.noColor = true
	return &plain
}

// OutStyle returns a function that colors text for Out, or leaves it as it is.
func (s *Streams) OutStyle(attrs ...color.Attribute) func(string) string {
	return style(s.OutColor(), attrs)
}

// ErrStyle returns a function that colors text for Err, or leaves it as it is.
func (s *Streams) ErrStyle(attrs ...color.Attribute) func(string) string {
	return style(s.ErrColor(), attrs)
}

func style(on bool, attrs []color.Attribute) func(string) string {
	if !on {
		return func(text string) string { return text }
	}
	c := color.New(attrs...)
	c.EnableColor() // the package's own guess is about stdout only
	return func(text string) string { return c.Sprint(text) }
}
