package cmd

import (
	"fmt"
	"regexp"
	"strings"
)

// dotenvName is how a line of a .env file begins.
var dotenvName = regexp.MustCompile(`^\s*(?:export\s+)?([\w.-]+)\s*=[ \t]*`)

// parseDotenv reads a .env file as Node's dotenv does, and Wrangler with it:
// values in quotes may hold line breaks, only those in double quotes have
// escapes (\n and \r), a "#" ends a value without quotes, and "$" means
// nothing. The libraries for Go replace "$name" by a variable, which would
// change secrets without a word.
func parseDotenv(text string) (map[string]*string, error) {
	values := map[string]*string{}
	rest := strings.ReplaceAll(text, "\r\n", "\n")
	for line := 1; rest != ""; {
		begin := rest
		first, after, _ := strings.Cut(rest, "\n")
		if s := strings.TrimSpace(first); s == "" || s[0] == '#' {
			rest = after
			line++
			continue
		}
		name := dotenvName.FindStringSubmatch(first)
		if name == nil {
			return nil, fmt.Errorf("line %d is not of the form NAME=VALUE", line)
		}
		value, after := dotenvValue(rest[len(name[0]):])
		values[name[1]] = &value
		rest = after
		line += strings.Count(begin[:len(begin)-len(rest)], "\n")
	}
	return values, nil
}

// dotenvValue returns the value that text begins with, and the lines after it.
func dotenvValue(text string) (value, after string) {
	if text != "" && strings.ContainsRune("\"'`", rune(text[0])) {
		quote := text[0]
		if end := closingQuote(text); end > 0 {
			value = text[1:end]
			if quote == '"' {
				value = strings.NewReplacer(`\n`, "\n", `\r`, "\r").Replace(value)
			}
			_, after, _ = strings.Cut(text[end:], "\n")
			return value, after
		}
	}
	value, after, _ = strings.Cut(text, "\n")
	value, _, _ = strings.Cut(value, "#")
	return strings.TrimSpace(value), after
}

// closingQuote returns where the quote at the beginning of text ends, or 0. One
// behind a backslash does not end it.
func closingQuote(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			return i
		}
	}
	return 0
}
