package tail

import "strings"

const redacted = "REDACTED"

// secretNames are what the name of a header with a credential contains.
var secretNames = []string{"auth", "jwt", "key", "secret", "token"}

// redact hides in a request what the engine itself hides from tail workers
// that get their events at the end. Those that get them one by one, as the
// collector does, see everything.
func redact(r *Request) {
	r.URL = redactURL(r.URL)
	for name := range r.Headers {
		if secretHeader(strings.ToLower(name)) {
			r.Headers[name] = redacted
		}
	}
}

func secretHeader(name string) bool {
	if name == "cookie" || name == "set-cookie" {
		return true
	}
	for _, part := range secretNames {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// redactURL replaces the words of a URL that look like an id or a number of a
// payment card. A word is a run of letters, digits and "+", "-", "_".
func redactURL(url string) string {
	var out strings.Builder
	for len(url) > 0 {
		end := strings.IndexFunc(url, func(r rune) bool { return !wordRune(r) })
		if end < 0 {
			end = len(url)
		}
		if word := url[:end]; looksSecret(word) {
			out.WriteString(redacted)
		} else {
			out.WriteString(word)
		}
		rest := strings.IndexFunc(url[end:], wordRune)
		if rest < 0 {
			rest = len(url) - end
		}
		out.WriteString(url[end : end+rest])
		url = url[end+rest:]
	}
	return out.String()
}

func wordRune(r rune) bool {
	return isDigit(r) || isLower(r) || isUpper(r) || isSeparator(r)
}

func isDigit(r rune) bool     { return '0' <= r && r <= '9' }
func isLower(r rune) bool     { return 'a' <= r && r <= 'z' }
func isUpper(r rune) bool     { return 'A' <= r && r <= 'Z' }
func isHex(r rune) bool       { return isDigit(r) || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F' }
func isSeparator(r rune) bool { return r == '+' || r == '-' || r == '_' }

// looksSecret has the engine's three rules: a hexadecimal id of 32 digits or
// more, also with separators; what is probably base64, going by its length and
// mixture; and 13 to 19 digits with the check digit of a payment card.
func looksSecret(word string) bool {
	var digits, lower, upper, hex, separators int
	for _, r := range word {
		switch {
		case isDigit(r):
			digits++
		case isLower(r):
			lower++
		case isUpper(r):
			upper++
		default:
			separators++
		}
		if isHex(r) {
			hex++
		}
	}
	switch plain := len(word) - separators; {
	case hex >= 32 && hex == plain:
		return true
	case len(word) >= 21 && digits >= 2 && lower >= 2 && upper >= 2:
		return true
	default:
		return digits >= 13 && digits <= 19 && digits == plain && luhn(word)
	}
}

// luhn reports whether the digits of word end in the right check digit.
func luhn(word string) bool {
	sum, double := 0, false
	for i := len(word) - 1; i >= 0; i-- {
		if !isDigit(rune(word[i])) {
			continue
		}
		digit := int(word[i] - '0')
		if double {
			if digit *= 2; digit > 9 {
				digit -= 9
			}
		}
		sum += digit
		double = !double
	}
	return sum%10 == 0
}
