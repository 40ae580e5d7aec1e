package local

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// engineTypes are the content types that the engine gives static files, by
// extension. All others it serves without one.
var engineTypes = map[string]string{
	".apng":        "image/apng",
	".atom":        "application/atom+xml",
	".avif":        "image/avif",
	".bmp":         "image/bmp",
	".cjs":         "text/javascript; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".csv":         "text/csv; charset=utf-8",
	".eot":         "application/vnd.ms-fontobject",
	".gif":         "image/gif",
	".gz":          "application/gzip",
	".htm":         "text/html; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/vnd.microsoft.icon",
	".ics":         "text/calendar; charset=utf-8",
	".jpeg":        "image/jpeg",
	".jpg":         "image/jpeg",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".m4a":         "audio/mp4",
	".map":         "application/json",
	".md":          "text/markdown; charset=utf-8",
	".mjs":         "text/javascript; charset=utf-8",
	".mp3":         "audio/mpeg",
	".otf":         "font/otf",
	".pdf":         "application/pdf",
	".png":         "image/png",
	".rss":         "application/rss+xml",
	".svg":         "image/svg+xml",
	".tar":         "application/x-tar",
	".ttf":         "font/ttf",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".webmanifest": "application/manifest+json",
	".webp":        "image/webp",
	".woff":        "font/woff",
	".woff2":       "font/woff2",
	".xml":         "application/xml",
	".zip":         "application/zip",
}

// maxHeaderRules is how many rules for headers the engine reads.
const maxHeaderRules = 100

// plainPath is a path that stands for itself in a rule for headers.
var plainPath = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^/[A-Za-z0-9._~/-]+$`) })

// withTypes adds rules to the text of _headers for files whose content type the
// engine would not know, as far as there is room for them. A text that sets
// content types itself stays as it is: the engine would join both.
func withTypes(headers string, files []assetFile) string {
	if strings.Contains(strings.ToLower(headers), "content-type") {
		return headers
	}
	var b strings.Builder
	b.WriteString(headers)
	if headers != "" && !strings.HasSuffix(headers, "\n") {
		b.WriteString("\n")
	}
	room := maxHeaderRules - rules(headers)
	for _, f := range files {
		if f.Type == "" || f.Type == engineTypes[strings.ToLower(path.Ext(f.Path))] || !plainPath().MatchString(f.Path) {
			continue
		}
		if room--; room < 0 {
			break
		}
		b.WriteString(f.Path + "\n  Content-Type: " + f.Type + "\n")
	}
	return b.String()
}

// rules counts the rules in the text of _headers: lines that are neither
// indented headers nor comments.
func rules(headers string) int {
	lines := strings.Split(headers, "\n")
	return len(slices.DeleteFunc(lines, func(line string) bool {
		line = strings.TrimSpace(line)
		return !strings.HasPrefix(line, "/") && !strings.HasPrefix(line, "https://")
	}))
}
