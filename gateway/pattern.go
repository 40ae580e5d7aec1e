package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A Pattern is the pattern of a Cloudflare route: a host name, with a * before it for all names that end so, and a path,
// with a * behind it for all that begin so. Both schemes are answered, whichever is written.
type Pattern struct {
	host   string // lower case, without the *
	subs   bool   // the host had a *
	zone   string // what names must end in that the * stands for
	path   string // without the *
	longer bool   // the path had a *
}

// ParsePattern reads a pattern. The error says what is wrong with it.
func ParsePattern(text string) (Pattern, error) {
	rest := text
	if scheme, after, ok := strings.Cut(text, "://"); ok {
		if scheme != "http" && scheme != "https" {
			return Pattern{}, fmt.Errorf("the scheme must be http or https, not %q", scheme)
		}
		rest = after
	}
	if strings.ContainsAny(rest, "?#") {
		return Pattern{}, errors.New("patterns have no query and no fragment: end the path in * instead")
	}
	host, path, ok := strings.Cut(rest, "/")
	p := Pattern{host: strings.ToLower(host), path: "/" + path}
	if !ok {
		p.path = "/" // as in a URL
	}
	p.host, p.subs = strings.CutPrefix(p.host, "*")
	p.path, p.longer = strings.CutSuffix(p.path, "*")
	switch {
	case p.host == "" && !p.subs:
		return Pattern{}, errors.New("there is no host name in it")
	case strings.Contains(p.host, "*"), strings.Contains(p.path, "*"):
		return Pattern{}, errors.New("a * may stand only at the beginning of the host name and at the end of the path")
	case p.host == ".", strings.Contains(p.host, ".."), strings.ContainsAny(p.host, `:@[]%\`), strings.ContainsFunc(text, unprintable):
		return Pattern{}, fmt.Errorf("%q is no host name", host)
	}
	p.zone = zoneOf(p.host)
	return p, nil
}

func unprintable(r rune) bool { return r <= ' ' || r == 0x7f }

// zoneOf returns the last two labels of a host name. The * of "*example.com" does not stand for the beginning of another
// domain's name.
func zoneOf(host string) string {
	labels := strings.Split(strings.Trim(host, "."), ".")
	return strings.Join(labels[max(0, len(labels)-2):], ".")
}

// Host returns the host name, without the * that may stand before it.
func (p Pattern) Host() string { return p.host }

// matchHost holds a normal host against the pattern.
func (p Pattern) matchHost(host string) bool {
	switch {
	case !p.subs:
		return host == p.host
	case p.host == "":
		return true
	case !strings.HasSuffix(host, p.host):
		return false
	}
	return host == p.zone || strings.HasSuffix(host, "."+p.zone)
}

// matchPath holds a path with its query, as they were sent, against the pattern.
func (p Pattern) matchPath(path string) bool {
	if p.longer {
		return strings.HasPrefix(path, p.path)
	}
	return path == p.path
}

// compare orders patterns, the more specific one first: the host decides before the path.
func (p Pattern) compare(q Pattern) int {
	return cmp.Or(
		compareBool(p.subs, q.subs), cmp.Compare(len(q.host), len(p.host)),
		compareBool(p.longer, q.longer), cmp.Compare(len(q.path), len(p.path)),
		cmp.Compare(p.host, q.host), cmp.Compare(p.path, q.path),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// patterns is routes in the order in which they are tried.
type patterns struct {
	exact map[string][]Route // by host
	subs  []Route            // whose host had a *
}

func newPatterns(list []Route) patterns {
	p := patterns{exact: map[string][]Route{}}
	for _, r := range slices.SortedFunc(slices.Values(list), func(a, b Route) int { return a.Pattern.compare(b.Pattern) }) {
		if r.Pattern.subs {
			p.subs = append(p.subs, r)
		} else {
			p.exact[r.Pattern.host] = append(p.exact[r.Pattern.host], r)
		}
	}
	return p
}

// lookup finds the target of a request to a normal host, nil if no pattern matches.
func (p patterns) lookup(host string, u *url.URL) *Target {
	exact := p.exact[host]
	if len(exact) == 0 && len(p.subs) == 0 {
		return nil // before the path is put together: most tables have no routes
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" || u.ForceQuery {
		path += "?" + u.RawQuery
	}
	for _, r := range exact {
		if r.Pattern.matchPath(path) {
			return r.Target
		}
	}
	for _, r := range p.subs {
		if r.Pattern.matchHost(host) && r.Pattern.matchPath(path) {
			return r.Target
		}
	}
	return nil
}
