package config

import (
	"strings"
)

// dotVar is one variable of a file of variables.
type dotVar struct {
	name, value string
	offset      int // of the name
}

// Dotenv returns the variables of a .env file, and the numbers, from 1, of the
// lines that are nothing. The last of several values of one name counts.
func Dotenv(text string) (values map[string]string, misread []int) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	vars, places := parseDotenv(text)
	values = make(map[string]string, len(vars))
	for _, v := range vars {
		values[v.name] = v.value
	}
	for _, at := range places {
		misread = append(misread, 1+strings.Count(text[:at], "\n"))
	}
	return values, misread
}

// parseDotenv reads the syntax of .env and .dev.vars files as the dotenv
// package of Node.js does, which defines it: values are bare up to a #, or in
// one of three kinds of quotation marks, and then may have several lines.
// godotenv would not do: it always expands variables, which .dev.vars must
// not, and tells no places. The text has line feeds only. The offsets of lines
// that are nothing are returned, too; dotenv passes over them in silence.
func parseDotenv(text string) (vars []dotVar, misread []int) {
	for pos := 0; ; {
		pos += len(text[pos:]) - len(strings.TrimLeft(text[pos:], " \t\r\n\v\f"))
		if pos >= len(text) {
			return vars, misread
		}
		if text[pos] == '#' {
			pos = lineEnd(text, pos)
			continue
		}
		v, end, ok := parseDotVar(text, pos)
		if !ok {
			misread = append(misread, pos)
			pos = lineEnd(text, pos)
			continue
		}
		vars = append(vars, v)
		pos = end
	}
}

func lineEnd(text string, pos int) int {
	if i := strings.IndexByte(text[pos:], '\n'); i >= 0 {
		return pos + i
	}
	return len(text)
}

// parseDotVar reads NAME=value, export NAME=value or NAME: value.
func parseDotVar(text string, pos int) (v dotVar, end int, ok bool) {
	if rest, found := strings.CutPrefix(text[pos:], "export"); found && len(skipBlank(rest)) < len(rest) && nameLength(skipBlank(rest)) > 0 {
		pos = len(text) - len(skipBlank(rest))
	}
	v.offset = pos
	n := nameLength(text[pos:])
	v.name, pos = text[pos:pos+n], pos+n
	rest := skipBlank(text[pos:])
	switch {
	case n == 0:
		return v, 0, false
	case strings.HasPrefix(rest, "="):
		pos = len(text) - len(rest) + 1
	case strings.HasPrefix(text[pos:], ":") && len(skipBlank(text[pos+1:])) < len(text[pos+1:]):
		pos++
	default:
		return v, 0, false
	}
	v.value, end = parseDotValue(text, pos)
	return v, end, true
}

func skipBlank(s string) string { return strings.TrimLeft(s, " \t") }

// nameLength is how many bytes of a text are a name.
func nameLength(s string) int {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '.', c == '-':
		default:
			return i
		}
	}
	return len(s)
}

// parseDotValue reads a value and what may follow it on its line.
func parseDotValue(text string, pos int) (value string, end int) {
	start := len(text) - len(skipBlank(text[pos:]))
	if start < len(text) && strings.IndexByte("'\"`", text[start]) >= 0 {
		if last := closingQuote(text, start); last > 0 {
			return unquoted(text[start : last+1]), lineEnd(text, last)
		}
	}
	end = lineEnd(text, pos)
	value, _, _ = strings.Cut(text[pos:end], "#")
	return unquoted(strings.TrimSpace(value)), end
}

// closingQuote returns the offset of the quotation mark that ends a value, or
// 0 if nothing but a comment must follow it and does not. One behind a
// backslash ends the value only if there is no other.
func closingQuote(text string, start int) int {
	var escaped []int
	for i := start + 1; i < len(text); i++ {
		if text[i] != text[start] {
			continue
		}
		if text[i-1] == '\\' && i-1 > start {
			escaped = append(escaped, i)
			continue
		}
		if endsLine(text[i+1:]) {
			return i
		}
		break
	}
	for i := len(escaped) - 1; i >= 0; i-- {
		if endsLine(text[escaped[i]+1:]) {
			return escaped[i]
		}
	}
	return 0
}

// endsLine says whether nothing but a comment is left on a line.
func endsLine(rest string) bool {
	rest = skipBlank(rest)
	return rest == "" || rest[0] == '\n' || rest[0] == '#'
}

// unquoted takes away a pair of quotation marks. A value that begins with a
// double one may have line breaks that are written out.
func unquoted(s string) string {
	double := strings.HasPrefix(s, `"`)
	if n := len(s); n >= 2 && s[0] == s[n-1] && strings.IndexByte("'\"`", s[0]) >= 0 {
		s = s[1 : n-1]
	}
	if double {
		s = strings.NewReplacer(`\n`, "\n", `\r`, "\r").Replace(s)
	}
	return s
}
