package check

import (
	"math"
	"strings"
)

// declaredSecret goes by a name such as SESSION_SECRET, if the value is not
// one that a person would have made up for it.
func declaredSecret(name, value string) bool {
	words := nameWords(name)
	like := false
	switch words[len(words)-1] {
	case "PASSWORD", "PASSWD", "PWD", "PASSPHRASE":
		like = classes(value) >= 2 && !strings.HasPrefix(value, "/")
	case "SECRET", "TOKEN", "APIKEY":
		like = drawn(value)
	case "KEY":
		like = drawn(value) && !uuid(value)
	}
	return like && !declaredPublic(name) && !forBrowsers(value) && !placeholder(value) &&
		!strings.ContainsAny(value, " \t\r\n") && !strings.Contains(value, "://")
}

// forBrowsers recognizes keys that services mean to be in web pages: of Stripe,
// PostHog, Mapbox and Google.
func forBrowsers(value string) bool {
	for _, prefix := range []string{"pk_live_", "pk_test_", "phc_", "pk.", "AIza"} {
		if strings.HasPrefix(value, prefix) {
			return true
		}
	}
	return false
}

// declaredPublic says whether a name tells that the value is for everybody.
func declaredPublic(name string) bool {
	for _, word := range nameWords(name) {
		switch word {
		case "PUBLIC", "PUB", "PUBLISHABLE", "ANON", "SITE", "SITEKEY", "CLIENT", "KID", "ID", "DSN", "HASH", "FINGERPRINT", "EXAMPLE":
			return word != "CLIENT" || !strings.Contains(strings.ToUpper(name), "SECRET")
		}
	}
	return false
}

// nameWords parts a name at underscores, dashes and capitals that follow small
// letters, in capitals.
func nameWords(name string) []string {
	var b strings.Builder
	small := false
	for _, r := range name {
		if small && 'A' <= r && r <= 'Z' {
			b.WriteByte('_')
		}
		small = 'a' <= r && r <= 'z'
		b.WriteRune(r)
	}
	words := strings.FieldsFunc(strings.ToUpper(b.String()), func(r rune) bool { return r == '_' || r == '-' || r == '.' })
	if len(words) == 0 {
		return []string{""}
	}
	return words
}

// placeholder recognizes what stands in for a secret.
func placeholder(value string) bool {
	lower := strings.ToLower(value)
	for _, word := range []string{
		"example", "changeme", "change-me", "change_me", "your", "placeholder", "dummy", "fake", "replace",
		"xxxx", "****", "....", "todo", "insert", "<", "${", "{{", "secret", "development", "test-", "dev-", "123456", "abcdef",
	} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return false
}

// drawn says whether a value looks as if a machine had drawn it at random:
// long, of letters and digits, and without the repetitions of words.
func drawn(value string) bool {
	if len(value) < 16 || len(value) > 1024 || classes(value) < 2 {
		return false
	}
	if strings.IndexFunc(value, func(r rune) bool { return !alphanumeric(r) && !strings.ContainsRune("-_+/=.~:!@#$%^&*", r) }) >= 0 {
		return false
	}
	if strings.IndexFunc(value, func(r rune) bool { return '0' <= r && r <= '9' }) < 0 && len(value) < 32 {
		return false // words with dashes
	}
	least := 3.5
	if strings.Trim(strings.ToLower(value), "0123456789abcdef-") == "" {
		least = 3 // hexadecimal digits cannot have more than 4
	}
	return entropy(value) >= least
}

// entropy is the bits of each character, by how often they occur.
func entropy(value string) float64 {
	var count [256]int
	for i := range len(value) {
		count[value[i]]++
	}
	bits, n := 0.0, float64(len(value))
	for _, c := range count {
		if c > 0 {
			share := float64(c) / n
			bits -= share * math.Log2(share)
		}
	}
	return bits
}

// classes counts the kinds of characters: small letters, capitals, digits and
// others.
func classes(value string) int {
	var small, capital, digit, other int
	for _, r := range value {
		switch {
		case 'a' <= r && r <= 'z':
			small = 1
		case 'A' <= r && r <= 'Z':
			capital = 1
		case '0' <= r && r <= '9':
			digit = 1
		default:
			other = 1
		}
	}
	return small + capital + digit + other
}

// uuid recognizes what identifies more often than it protects.
func uuid(value string) bool {
	if len(value) != 36 {
		return false
	}
	for i := range len(value) {
		c := value[i] | 0x20
		switch dash := i == 8 || i == 13 || i == 18 || i == 23; {
		case dash && value[i] != '-':
			return false
		case !dash && !('0' <= c && c <= '9' || 'a' <= c && c <= 'f'):
			return false
		}
	}
	return true
}
