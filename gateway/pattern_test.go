package gateway

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// The examples are those of Cloudflare's documentation of route patterns.
func TestPatternsMatch(t *testing.T) {
	for pattern, urls := range map[string]struct{ yes, no []string }{
		"example.com":  {yes: []string{"example.com/", "EXAMPLE.com:8788/"}, no: []string{"www.example.com/", "example.com/a", "example.com/?a"}},
		"example.com/": {yes: []string{"example.com/"}, no: []string{"example.com/a"}},
		"https://example.com/*": {
			yes: []string{"example.com/", "example.com/a/b", "example.com/?q=1"}, no: []string{"www.example.com/"},
		},
		"*.example.com/": {yes: []string{"www.example.com/", "a.b.example.com/"}, no: []string{"example.com/", "badexample.com/"}},
		"*example.com/":  {yes: []string{"example.com/", "www.example.com/"}, no: []string{"badexample.com/", "example.com.bad/"}},
		"*-next.example.com/*": {
			yes: []string{"a-next.example.com/", "b.a-next.example.com/x"}, no: []string{"next.example.com/", "a-next.example.com.bad/"},
		},
		"example.com/path*": {
			yes: []string{"example.com/path", "example.com/path2", "example.com/path/readme.txt", "example.com/path?a"},
			no:  []string{"example.com/Path", "example.com/pat"},
		},
		"example.com/a%20b": {yes: []string{"example.com/a%20b"}, no: []string{"example.com/a"}},
		"*/*":               {yes: []string{"anything.at/all", "localhost/"}},
		"local/*":           {yes: []string{"local/x"}, no: []string{"x.local/"}},
		"http://Example.COM/Images/cat.png": {
			yes: []string{"example.com/Images/cat.png"}, no: []string{"example.com/images/cat.png", "example.com/Images/cat.png?size=2"},
		},
	} {
		p, err := ParsePattern(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		matches := func(text string) bool {
			u, err := url.Parse("http://" + text)
			if err != nil {
				t.Fatal(err)
			}
			table := newPatterns([]Route{{Pattern: p, Target: &Target{}}})
			return table.lookup(normalHost(u.Host), u) != nil
		}
		for _, u := range urls.yes {
			if !matches(u) {
				t.Errorf("%s does not match %s", pattern, u)
			}
		}
		for _, u := range urls.no {
			if matches(u) {
				t.Errorf("%s matches %s", pattern, u)
			}
		}
	}
}

func TestTheMostSpecificPatternWins(t *testing.T) {
	var routes []Route
	for _, pattern := range []string{
		"*/*", "*.example.com/*", "*.example.com/a", "www.example.com/*", "a.example.com/*", "example.com/*", "example.com/hello/*", "example.com/hello/world",
	} {
		p, err := ParsePattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		routes = append(routes, Route{Pattern: p, Target: &Target{Script: pattern}})
	}
	for text, want := range map[string]string{
		"www.example.com/":            "www.example.com/*",
		"x.example.com/":              "*.example.com/*",
		"x.example.com/a":             "*.example.com/a",
		"a.example.com/a":             "a.example.com/*", // the host decides before the path
		"example.com/hello/world":     "example.com/hello/world",
		"example.com/hello/world?x=1": "example.com/hello/*",
		"example.com/hello":           "example.com/*",
		"other.org/":                  "*/*",
	} {
		u, err := url.Parse("http://" + text)
		if err != nil {
			t.Fatal(err)
		}
		if got := newPatterns(routes).lookup(u.Host, u); got == nil || got.Script != want {
			t.Errorf("%s goes to %+v, want %s", text, got, want)
		}
	}
}

func TestPatternsAreRefused(t *testing.T) {
	for pattern, why := range map[string]string{
		"": "no host", "/path": "no host", "https:///x": "no host", "ftp://example.com/": "scheme", "example.com/?a=1": "query", "example.com/#a": "fragment",
		"example.com/*.jpg": "may stand only", "ex*ample.com/": "may stand only", "**.example.com": "may stand only", "example.com/**": "may stand only",
		"example.com:80/": "no host name", "a b/": "no host name", "[::1]/": "no host name", "a..b/": "no host name", "*.": "no host name", "a@b/": "no host name",
		"example.com/\n": "no host name",
	} {
		if p, err := ParsePattern(pattern); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("ParsePattern(%q) = %+v, %v; want an error with %q", pattern, p, err, why)
		}
	}
}

// A script's own name goes before all routes, and routes go before domains.
func TestRoutesAndDomains(t *testing.T) {
	gate := NewGate("g")
	targets := map[string]*Target{}
	endpoints := map[string]Endpoint{}
	for _, name := range []string{"own", "route", "domain", "rest"} {
		endpoints[name] = backend(t, says(name))
		targets[name] = &Target{Script: name, Gate: gate}
	}
	gate.Open(endpoints)
	f := newFront(t, Options{})
	table := Table{
		Hosts:   map[string]*Target{"own.localhost": targets["own"]},
		Domains: map[string]*Target{"app.example.com": targets["domain"], "own.localhost": targets["domain"]},
		Default: targets["rest"],
	}
	for _, pattern := range []string{"app.example.com/api/*", "*.localhost/*"} {
		p, err := ParsePattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		table.Routes = append(table.Routes, Route{Pattern: p, Target: targets["route"]})
	}
	f.SetTable(table)
	for _, tt := range []struct{ host, path, want string }{
		{"own.localhost", "/", "own"}, {"other.localhost", "/", "route"},
		{"app.example.com:8788", "/api/x?y", "route"}, {"app.example.com", "/", "domain"}, {"example.com", "/", "rest"},
	} {
		get(t, fmt.Sprint(f.url, tt.path), tt.host).want(t, 200, tt.want)
	}
}
