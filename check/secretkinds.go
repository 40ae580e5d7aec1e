package check

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"net/url"
	"strings"
)

// secretKind says what kind of secret a variable seems to hold, or "". It goes
// by forms that secrets and nothing else have, and by names that say so of a
// value that a machine has drawn. Better to miss one than to cry wolf: people
// switch off what does.
func secretKind(name, value string) string {
	if len(value) < 8 || len(value) > 16<<10 {
		return ""
	}
	for _, form := range secretForms {
		if form.matches(value) {
			return form.kind
		}
	}
	switch {
	case strings.Contains(value, "-----BEGIN ") && strings.Contains(value, "PRIVATE KEY"):
		return "a private key"
	case isToken(value):
		if declaredPublic(name) || forAnyone(value) {
			return ""
		}
		return "a JSON Web Token"
	case hasPassword(value):
		return "a URL with a password"
	case declaredSecret(name, value):
		return "a secret, by its name and value"
	}
	return ""
}

// secretForm is a prefix and what follows it.
type secretForm struct {
	kind, prefix string
	least, most  int // characters after the prefix
	also         string
}

// secretForms are those of issuers who gave their secrets a mark, so that they
// can be found.
var secretForms = []secretForm{
	{"an AWS access key", "AKIA", 16, 16, ""},
	{"an AWS access key", "ASIA", 16, 16, ""},
	{"a GitHub token", "ghp_", 36, 255, ""},
	{"a GitHub token", "gho_", 36, 255, ""},
	{"a GitHub token", "ghu_", 36, 255, ""},
	{"a GitHub token", "ghs_", 36, 255, ""},
	{"a GitHub token", "ghr_", 36, 255, ""},
	{"a GitHub token", "github_pat_", 60, 255, "_"},
	{"a GitLab token", "glpat-", 20, 255, "-_."},
	{"a Slack token", "xoxb-", 20, 255, "-"},
	{"a Slack token", "xoxp-", 20, 255, "-"},
	{"a Slack token", "xoxa-", 20, 255, "-"},
	{"a Slack token", "xoxr-", 20, 255, "-"},
	{"a Slack token", "xoxs-", 20, 255, "-"},
	{"a Slack token", "xapp-", 20, 255, "-"},
	{"a Slack webhook", "https://hooks.slack.com/services/", 30, 255, "/"},
	{"a Discord webhook", "https://discord.com/api/webhooks/", 60, 255, "/-_"},
	{"a Stripe key", "sk_live_", 20, 255, ""},
	{"a Stripe key", "sk_test_", 20, 255, ""},
	{"a Stripe key", "rk_live_", 20, 255, ""},
	{"a Stripe key", "rk_test_", 20, 255, ""},
	{"a Stripe webhook secret", "whsec_", 24, 255, "+/="},
	{"a Cloudflare API key", "cfk_", 40, 60, ""},
	{"a Cloudflare API token", "cfut_", 40, 60, "-_"},
	{"a Cloudflare API token", "cfat_", 40, 60, "-_"},
	{"an OpenAI key", "sk-proj-", 40, 255, "-_"},
	{"an Anthropic key", "sk-ant-", 40, 255, "-_"},
	{"a SendGrid key", "SG.", 60, 80, "-_."},
	{"an npm token", "npm_", 36, 36, ""},
	{"an age key", "AGE-SECRET-KEY-1", 50, 70, ""},
}

func (f secretForm) matches(value string) bool {
	rest, ok := strings.CutPrefix(value, f.prefix)
	if !ok || len(rest) < f.least || len(rest) > f.most || placeholder(rest) {
		return false
	}
	return strings.IndexFunc(rest, func(r rune) bool { return !alphanumeric(r) && !strings.ContainsRune(f.also, r) }) < 0
}

func alphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// isToken recognizes a JSON Web Token.
func isToken(value string) bool {
	parts := strings.Split(value, ".")
	if len(parts) != 3 || !strings.HasPrefix(value, "eyJ") || len(parts[2]) < 16 {
		return false
	}
	var header struct{ Alg string }
	return decodePart(parts[0], &header) && header.Alg != ""
}

// forAnyone says whether a token names the role that services give to whoever
// comes, as in keys for browsers.
func forAnyone(token string) bool {
	var claims struct{ Role string }
	return decodePart(strings.Split(token, ".")[1], &claims) && claims.Role == "anon"
}

func decodePart(part string, into any) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, into) == nil
}

// hasPassword recognizes a URL such as that of a database with the password in
// it. What runs on the same machine has no secrets.
func hasPassword(value string) bool {
	if !strings.Contains(value, "://") || !strings.Contains(value, "@") {
		return false
	}
	u, err := url.Parse(value)
	if err != nil || u.User == nil {
		return false
	}
	password, set := u.User.Password()
	host := u.Hostname()
	local := host == "localhost" || host == "host.docker.internal" || strings.HasPrefix(host, "127.") || host == "::1" || host == ""
	return set && len(password) >= 4 && password != u.User.Username() && !local && !placeholder(password) && strings.ToLower(password) != "password"
}

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
	return like && !declaredPublic(name) && !placeholder(value) &&
		!strings.ContainsAny(value, " \t\r\n") && !strings.Contains(value, "://")
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
