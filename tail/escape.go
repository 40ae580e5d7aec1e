package tail

import (
	"fmt"
	"strings"
	"unicode"
)

// isControl reports whether a terminal may take r for a command: the control
// characters of both ranges, C0 with DEL and C1.
func isControl(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0
}

// visible shows control characters as text, except for tab and line feed, so
// that nothing that a worker logs can steer the terminal.
func visible(s string) string {
	harmful := func(r rune) bool { return isControl(r) && r != '\t' && r != '\n' }
	if strings.IndexFunc(s, harmful) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if harmful(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// quoteString quotes a string as Node does inside of objects: with the first
// kind of quotes that it does not contain.
func quoteString(s string) string {
	quote := '\''
	if strings.ContainsRune(s, '\'') {
		switch {
		case !strings.ContainsRune(s, '"'):
			quote = '"'
		case !strings.ContainsRune(s, '`') && !strings.Contains(s, "${"):
			quote = '`'
		}
	}
	var b strings.Builder
	b.WriteRune(quote)
	for _, r := range s {
		switch {
		case r == '\\' || r == '\'' && quote == '\'':
			b.WriteByte('\\')
			b.WriteRune(r)
		case isControl(r):
			b.WriteString(escapeControl(r))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteRune(quote)
	return b.String()
}

func escapeControl(r rune) string {
	switch r {
	case '\b':
		return `\b`
	case '\t':
		return `\t`
	case '\n':
		return `\n`
	case '\f':
		return `\f`
	case '\r':
		return `\r`
	default:
		return fmt.Sprintf(`\x%02X`, r)
	}
}

// propertyName writes the key of an object, bare if it is a plain name.
func propertyName(key string) string {
	if key == "__proto__" {
		return "['__proto__']"
	}
	for i, r := range key {
		if !isLower(r) && !isUpper(r) && r != '_' && (i == 0 || !isDigit(r)) {
			return quoteString(key)
		}
	}
	if key == "" {
		return "''"
	}
	return key
}

// units is the length of a string as JavaScript counts it.
func units(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xffff {
			n++
		}
	}
	return n
}

// displayWidth is how many columns a string takes: two for the characters of
// East Asian scripts and for emoji, none for marks on the character before.
func displayWidth(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case isWide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

func isWide(r rune) bool {
	return r >= 0x1100 && (r <= 0x115f || // Hangul Jamo
		r >= 0x2e80 && r <= 0x303e || // CJK radicals, punctuation
		r >= 0x3041 && r <= 0x4dbf || // Kana, Bopomofo, CJK extension A
		r >= 0x4e00 && r <= 0xa4cf || // CJK, Yi
		r >= 0xa960 && r <= 0xa97f ||
		r >= 0xac00 && r <= 0xd7a3 || // Hangul
		r >= 0xf900 && r <= 0xfaff ||
		r >= 0xfe30 && r <= 0xfe6f ||
		r >= 0xff01 && r <= 0xff60 || // full-width forms
		r >= 0xffe0 && r <= 0xffe6 ||
		r >= 0x1f300 && r <= 0x1f64f || // pictographs, emoticons
		r >= 0x1f900 && r <= 0x1f9ff ||
		r >= 0x20000 && r <= 0x3fffd) // CJK extensions
}
