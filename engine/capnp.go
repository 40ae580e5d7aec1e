package engine

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// This file writes the engine's configuration language, the text form of
// Cap'n Proto. Its grammar has traps of its own: a dot right after "=" is an
// error, hence the blanks around "=", and its strings know few escapes.

// capnpString returns s as a string literal, for fields of text and of bytes.
// The lexer knows \" \\ \n \t \xHH, but neither \u nor a raw line break, and
// passes UTF-8 through. Bytes that are no UTF-8 must be escaped, as the file
// as a whole has to be.
func capnpString(s string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	b.Grow(len(s) + len(s)/16 + 2)
	b.WriteByte('"')
	escape := func(c byte) { b.Write([]byte{'\\', 'x', hex[c>>4], hex[c&15]}) }
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				escape(c)
			} else {
				b.WriteString(s[i : i+size])
			}
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ' || c == 0x7f:
			escape(c)
		default:
			b.WriteByte(c)
		}
		i++
	}
	b.WriteByte('"')
	return b.String()
}

// capnpStruct writes "(a = 1, b = 2)". The zero value is an empty struct.
type capnpStruct struct{ fields []string }

// set adds a field with a value that is written already.
func (s *capnpStruct) set(name, value string) { s.fields = append(s.fields, name+" = "+value) }

func (s *capnpStruct) setString(name, value string) { s.set(name, capnpString(value)) }

// setOptional adds a text field unless it is empty.
func (s *capnpStruct) setOptional(name, value string) {
	if value != "" {
		s.setString(name, value)
	}
}

// setList adds a list unless it is empty. Items stand on lines of their own,
// so that the position in an error of the engine's parser tells which it is.
func (s *capnpStruct) setList(name string, items []string) {
	if len(items) > 0 {
		s.set(name, "[\n"+strings.Join(items, ",\n")+"]")
	}
}

func (s *capnpStruct) String() string { return "(" + strings.Join(s.fields, ", ") + ")" }

// capnpEmbed has the engine read a file. The path is looked up under the
// import folder "/", which makes an absolute path work.
func capnpEmbed(path string) string { return fmt.Sprintf("embed %s", capnpString(path)) }

func capnpStrings(list []string) []string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = capnpString(s)
	}
	return quoted
}
