package engine

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// A binaryRelease is the pinned engine of one platform. Checksums are in the
// form in which npm prints them ("sha512-" and base64), so that a person can
// compare them with the registry's.
type binaryRelease struct {
	pkg         string // npm package
	tarball     string // checksum of the package: guards a download
	tarballSize int64
	binary      string // checksum of the binary in it: guards any copy
	binarySize  int64
	embedded    string // the binary, compressed, if it is in this program
}

// binaryReleases has an entry for every platform that workerd is published
// for. One without checksums is not installable: the package could not be
// obtained and checked when the version was pinned, and nothing is run that
// cannot be checked. To fill one in, take `npm view <pkg>@<Version>
// dist.integrity`, compare it with the file that `npm pack` brings, and hash
// package/bin/workerd.
var binaryReleases = map[string]binaryRelease{
	"linux/amd64": {
		pkg:         "@cloudflare/workerd-linux-64",
		tarball:     "sha512-gZLA8X11m/luZwn+YA3+mDu61vdxNJzpksP/QZqjydKTQ+VUCulsK5gtn9Bqst1p3KJu2kafQpJ1nDQv4B23jA==",
		tarballSize: 46705140,
		binary:      "sha512-qZyQzvdWZyIqia5lNd5qbiQ+rnFwuGSyyUwq2zCvGuHaWGEsbaZzjiGUJvVSAPRyCFWl25Zf/z9gu2WRekJhvg==",
		binarySize:  162281568,
	},
	"linux/arm64": {
		pkg:         "@cloudflare/workerd-linux-arm64",
		tarball:     "sha512-gxWngFojq41ULKNKb9rpWYvKotN5hT2I/xot+Bpy31cXzrwcTgtDLSMb2t75sW5BJxH7hihFvikgYb577kB3Zg==",
		tarballSize: 46754578,
		binary:      "sha512-I/vjye/7061zxH9hpVWlznOIxuD0Pl/3DcJjkqMZXz4eYw/emAQKRHgRJ5jZnPjlKlUGj+mnpLVo4LVkLE7BkA==",
		binarySize:  165681672,
	},
	"darwin/amd64":  {pkg: "@cloudflare/workerd-darwin-64"},
	"darwin/arm64":  {pkg: "@cloudflare/workerd-darwin-arm64"},
	"windows/amd64": {pkg: "@cloudflare/workerd-windows-64"},
}

// spec is what npm is asked for.
func (r binaryRelease) spec() string { return r.pkg + "@" + Version }

func (r binaryRelease) installable() bool { return r.tarball != "" && r.binary != "" }

// source is where an installation takes the binary from.
func (r binaryRelease) source() string {
	if r.embedded != "" {
		return sourceEmbedded
	}
	return sourceNPM
}

const ownPlatform = runtime.GOOS + "/" + runtime.GOARCH

func (f Finder) platformName() string {
	if f.Platform != "" {
		return f.Platform
	}
	return ownPlatform
}

// release returns the pinned engine of this platform.
func (f Finder) release() (binaryRelease, error) {
	table, platform := f.releases, f.platformName()
	if table == nil {
		table = binaryReleases
	}
	rel, published := table[platform]
	if f.releases == nil && platform == ownPlatform {
		rel.embedded = embedded
	}
	if published && rel.installable() {
		return rel, nil
	}
	doing := fmt.Sprintf("choose workerd %s for %s", Version, platform)
	if published {
		return rel, &BinaryError{Doing: doing,
			Err:  errors.New("this paddock has no checksum for the platform, so it cannot check a download"),
			Hint: "Get " + rel.spec() + " yourself and set PADDOCK_WORKERD to the workerd in its bin folder."}
	}
	return rel, &BinaryError{Doing: doing,
		Err:  fmt.Errorf("workerd is not published for this platform (it is for %s)", strings.Join(slices.Sorted(maps.Keys(table)), ", ")),
		Hint: "If you have built a workerd yourself, set PADDOCK_WORKERD to it."}
}

// exeName is the binary's file name, in the package and in the cache.
func (f Finder) exeName() string {
	if strings.HasPrefix(f.platformName(), "windows/") {
		return "workerd.exe"
	}
	return "workerd"
}

// fullVersion is the version with the platform, as a part of file names.
func (f Finder) fullVersion() string {
	return Version + "-" + strings.ReplaceAll(f.platformName(), "/", "-")
}

// cachedPath is where the installed binary lies. The platform is part of it
// because a home folder may be shared between machines.
func (f Finder) cachedPath(cacheDir string) string {
	return filepath.Join(cacheDir, f.fullVersion(), f.exeName())
}

// binaryCacheVariable is the environment variable that moves the user's
// cache folder on this platform.
func binaryCacheVariable() string {
	switch runtime.GOOS {
	case "windows":
		return "LocalAppData"
	case "darwin", "ios":
		return "HOME"
	default:
		return "XDG_CACHE_HOME"
	}
}
