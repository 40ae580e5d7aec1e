package config

import (
	"strings"
)

// Bounds of one expansion, for variables that contain each other.
const (
	maxExpansions = 1000
	maxExpanded   = 1 << 20
)

// expand replaces $NAME, ${NAME}, ${NAME:-default} and ${NAME:+alternative} in
// a value, as the dotenv-expand package of Node.js does: what is put in is
// expanded again, an unknown name is nothing, and \$ is a dollar sign.
func expand(value string, lookup func(name string) string) string {
	seen := make(map[string]bool)
	for range maxExpansions {
		start, end, expression := findReference(value)
		if start < 0 || len(value) > maxExpanded {
			break
		}
		seen[value] = true
		name, operator, operand := splitExpression(expression)
		result := lookup(name)
		switch {
		case strings.HasSuffix(operator, "+") && result == "":
			operand = ""
		case strings.HasSuffix(operator, "+"):
			result = ""
		}
		if result == "" || seen[result] {
			result = operand
		}
		value = value[:start] + result + value[end:]
	}
	return strings.ReplaceAll(value, `\$`, "$")
}

// findReference finds the first reference in a value; start is -1 if there is
// none.
func findReference(s string) (start, end int, expression string) {
	for i := 0; i < len(s); i++ {
		if s[i] != '$' || i > 0 && s[i-1] == '\\' {
			continue
		}
		rest := s[i+1:]
		if strings.HasPrefix(rest, "{") {
			if n := strings.IndexAny(rest[1:], "{}"); n > 0 && rest[1+n] == '}' {
				return i, i + 1 + n + 2, rest[1 : 1+n]
			}
			continue
		}
		n := strings.IndexFunc(rest, func(r rune) bool {
			return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_')
		})
		if n < 0 {
			n = len(rest)
		}
		if n > 0 && (rest[0] < '0' || rest[0] > '9') {
			return i, i + 1 + n, rest[:n]
		}
	}
	return -1, 0, ""
}

// splitExpression parts NAME:-default and its like.
func splitExpression(s string) (name, operator, operand string) {
	for i := range len(s) {
		for _, operator := range []string{":+", "+", ":-", "-"} {
			if strings.HasPrefix(s[i:], operator) {
				return s[:i], operator, s[i+len(operator):]
			}
		}
	}
	return s, "", ""
}
