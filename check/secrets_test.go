package check

import (
	"path/filepath"
	"strings"
	"testing"

	"paddock/internal/diag"
)

// join puts texts together that look like secrets, so that tools which look
// for them in this repository find none.
func join(parts ...string) string { return strings.Join(parts, "") }

func TestSecretKinds(t *testing.T) {
	const (
		hex32    = "f3b1c9a7de4402b88a1e5c6d7f809122"
		letters  = "Zk3vQ9pX7mT2bW5nR8yL1cF6hJ4dS0aGqU8e"
		uuidText = "3f1c2b7a-9d4e-4c1b-8a6f-5e2d9c0b7a41"
	)
	token := join("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", ".", "eyJzdWIiOiIxMjM0NTY3ODkwIiwicm9sZSI6InNlcnZpY2Vfcm9sZSJ9", ".", letters)
	anonymous := join("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", ".", "eyJpc3MiOiJzdXBhYmFzZSIsInJvbGUiOiJhbm9uIn0", ".", letters)
	for _, c := range []struct{ name, value, want string }{
		// by their form, whatever they are called
		{"X", join("AKIA", "Z3MFQ7LW2NXV8RTB"), "an AWS access key"},
		{"X", join("ghp_", letters), "a GitHub token"},
		{"X", join("github_pat_", letters, "_", letters), "a GitHub token"},
		{"X", join("xoxb-", "2938475610-", letters), "a Slack token"},
		{"X", join("https://hooks.slack.com/services/", "T02QBCWEF/B03GHYJKL/", letters), "a Slack webhook"},
		{"X", join("sk_live_", letters), "a Stripe key"},
		{"X", join("rk_live_", letters), "a Stripe key"},
		{"X", join("whsec_", letters), "a Stripe webhook secret"},
		{"X", join("cfut_", letters, letters[:12]), "a Cloudflare API token"},
		{"X", join("cfk_", letters, letters[:12]), "a Cloudflare API key"},
		{"X", join("npm_", letters), "an npm token"},
		{"X", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "a private key"},
		{"X", token, "a JSON Web Token"},
		{"X", "postgres://app:9wq-Xk2pLz@db.example.net/shop", "a URL with a password"},
		// by their names
		{"SESSION_SECRET", hex32, "a secret, by its name and value"},
		{"CLIENT_SECRET", letters, "a secret, by its name and value"},
		{"apiKey", letters, "a secret, by its name and value"},
		{"CLOUDFLARE_API_TOKEN", join("v1-", letters), "a secret, by its name and value"},
		{"AUTH_TOKEN", uuidText, "a secret, by its name and value"},
		{"DB_PASSWORD", "hunter2hunter", "a secret, by its name and value"},
		// what is not secret, or nothing yet
		{"X", letters, ""},
		{"X", hex32, ""},
		{"X", join("pk_live_", letters), ""},
		{"STRIPE_KEY", join("pk_live_", letters), ""},
		{"MAPS_API_KEY", join("AIza", letters), ""},
		{"STRIPE_PUBLISHABLE_KEY", join("pk_live_", letters), ""},
		{"X", join("ghp_", "your-token-here-your-token-here-your"), ""},
		{"X", join("AKIA", "IOSFODNN7EXAMPLE"), ""},
		{"X", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", ""},
		{"SUPABASE_KEY", anonymous, ""},
		{"JWT_PUBLIC", token, ""},
		{"X", "eyJub3QiOiJhIHRva2VuIn0.a.b", ""},
		{"X", "https://example.com/@someone", ""},
		{"X", "https://user@example.com/", ""},
		{"X", "postgres://postgres:postgres@db/shop", ""},
		{"X", "postgres://app:9wq-Xk2pLz@localhost:5432/shop", ""},
		{"X", "redis://:${REDIS_PASSWORD}@cache.example.net", ""},
		{"X", "mongodb://user:<password>@cluster0.example.net", ""},
		{"X", "://a:bcdefgh@", ""},
		{"PUBLIC_KEY", hex32, ""},
		{"TURNSTILE_SITE_KEY", join("0x4AAAAAAA", letters), ""},
		{"ACCESS_KEY_ID", letters, ""},
		{"CACHE_KEY", uuidText, ""},
		{"SESSION_SECRET", "change-me-in-production-0123", ""},
		{"SESSION_SECRET", "dev-only-f3b1c9a7de4402b88a1e", ""},
		{"SESSION_SECRET", "", ""},
		{"SECRET", "the-quick-brown-fox-jumps", ""},
		{"API_KEY", "https://example.com/where/keys/are/0123456789abcdef", ""},
		{"JWT_TOKEN", "aaaaaaaaaaaaaaaaaaaaaaaa1111", ""},
		{"TOKEN_NAME", letters, ""},
		{"KEYS", letters, ""},
		{"PRIMARY_KEY", "user_id_and_organisation_id", ""},
		{"RESET_PASSWORD", "/account/reset-password", ""},
		{"MIN_PASSWORD", "12", ""},
		{"PASSWORD", "password", ""},
		{"_", letters, ""},
		{"", letters, ""},
	} {
		if got := secretKind(c.name, c.value); got != c.want {
			t.Errorf("%s = %q: %q, want %q", c.name, c.value, got, c.want)
		}
	}
}

// No secret is shown, whatever else there is to say about its line and however
// it is written, and places stay right.
func TestSecretsAreNotShown(t *testing.T) {
	dir := t.TempDir()
	first, second := "f3b1c9a7de4402b88a1e5c6d7f809122", "Zk3vQ9pX7mT2bW5nR8yL1cF6hJ4dS0aG"
	write(t, filepath.Join(dir, "wrangler.toml"), `
name = "w"
compatibility_date = "2026-01-01"
vars = { "😀" = 1979-05-27, A_SECRET = "`+first+`", B = '`+second+`' }
[env.a]
vars = { PEM = "-----BEGIN PRIVATE KEY-----\n`+second+`\n-----END PRIVATE KEY-----", x = nan }
[env.b.vars]
PEM = """-----BEGIN PRIVATE KEY-----
`+first+`
-----END PRIVATE KEY-----"""
ESCAPED_TOKEN = "\u005a`+second[1:]+`"
[env.c]
kv_namespaces = [{ binding = "`+first+`", id = "" }]
vars = { C_TOKEN = "`+first+`" }
`)
	list := run(t, Options{Dir: dir, NoBundle: true, Now: now})
	var b strings.Builder
	diag.WriteHuman(&b, list, diag.HumanOptions{})
	for _, secret := range []string{first, second, second[1:]} {
		if strings.Contains(b.String(), secret) {
			t.Errorf("a secret is shown:\n%s", &b)
		}
	}
	if n := strings.Count(b.String(), "[secret-in-vars]"); n != 5 {
		t.Errorf("%d warnings of secrets:\n%s", n, &b)
	}
	hidden := strings.Repeat("*", len(first))
	if want := `vars = { "😀" = 1979-05-27, A_SECRET = "` + hidden + `", B = '` + hidden + "' }\n" +
		"        ╵                            ~~~~~~~~\n"; !strings.Contains(b.String(), want) {
		t.Errorf("the line or the place of A_SECRET is wrong:\n%s", &b)
	}
}
