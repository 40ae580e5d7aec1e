package publish

import (
	"regexp"
	"strings"
)

// An ignorer says which files .assetsignore means. Its patterns are those of
// .gitignore, as Wrangler reads them: without regard to case. The packages for
// it that there are differ in what they make of "?", "a/b" or "!".
type ignorer []ignoreRule

type ignoreRule struct {
	match   *regexp.Regexp // of the path of a file, or of a folder with a slash behind it
	include bool
}

// newIgnorer reads the text of .assetsignore. Lines that mean nothing are
// skipped, as they are by Git.
func newIgnorer(text string) ignorer {
	rules := ignorer{}
	for _, line := range append([]string{"/" + ignoreFile, "/" + redirectsFile, "/" + headersFile}, strings.Split(text, "\n")...) {
		line = trimPattern(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pattern, include := strings.CutPrefix(line, "!")
		if match, err := regexp.Compile(patternRegexp(pattern)); err == nil {
			rules = append(rules, ignoreRule{match, include})
		}
	}
	return rules
}

// trimPattern removes blanks at the end that are not quoted.
func trimPattern(line string) string {
	line = strings.TrimSuffix(line, "\r")
	for strings.HasSuffix(line, " ") && !strings.HasSuffix(line, `\ `) {
		line = line[:len(line)-1]
	}
	return line
}

// ignores reports whether a file is none that is served. The path has slashes
// and begins without. What lies in a folder that is ignored cannot be brought
// back.
func (i ignorer) ignores(path string) bool {
	for at, r := range path {
		if r == '/' && i.last(path[:at+1]) {
			return true
		}
	}
	return i.last(path)
}

// last is what the last pattern that fits says.
func (i ignorer) last(path string) bool {
	for n := len(i) - 1; n >= 0; n-- {
		if i[n].match.MatchString(path) {
			return !i[n].include
		}
	}
	return false
}

// patternRegexp translates a pattern. One with a slash before its end begins at
// the root, any other one anywhere.
func patternRegexp(pattern string) string {
	var b strings.Builder
	b.WriteString("(?is)^")
	pattern, folder := strings.CutSuffix(pattern, "/")
	if !strings.Contains(pattern, "/") {
		b.WriteString("(?:.*/)?")
	}
	pattern = strings.TrimPrefix(pattern, "/")
	for begin := true; pattern != ""; {
		text, rest := patternStep(pattern, begin)
		begin = strings.HasSuffix(pattern[:len(pattern)-len(rest)], "/")
		pattern = rest
		b.WriteString(text)
	}
	if folder {
		return b.String() + "/"
	}
	return b.String() + "(?:/|$)"
}

// patternStep translates the start of a pattern and returns what is left. begin
// is whether it begins a name, which is never empty.
func patternStep(p string, begin bool) (text, rest string) {
	switch {
	case begin && (p == "*" || strings.HasPrefix(p, "*/")):
		return "[^/]+", p[1:]
	case strings.HasPrefix(p, "**/"):
		return "(?:.*/)?", p[3:]
	case strings.HasPrefix(p, "/**/"):
		return "/(?:.*/)?", p[4:]
	case p == "/**":
		return "/.+", ""
	case p[0] == '*':
		return "[^/]*", strings.TrimLeft(p, "*")
	case p[0] == '?':
		return "[^/]", p[1:]
	case p[0] == '\\' && len(p) > 1:
		return regexp.QuoteMeta(p[1:2]), p[2:]
	case p[0] == '[':
		if end := strings.IndexByte(p[1:], ']'); end > 0 {
			set := strings.ReplaceAll(p[1:1+end], `\`, `\\`)
			if negated, ok := strings.CutPrefix(set, "!"); ok {
				set = "^" + negated
			}
			return "[" + set + "]", p[end+2:]
		}
	}
	return regexp.QuoteMeta(p[:1]), p[1:]
}
