package check

import (
	"encoding/base64"
	"encoding/json"
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
