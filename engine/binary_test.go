package engine

import (
	"encoding/base64"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestReleaseTableIsWellFormed(t *testing.T) {
	for _, platform := range []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64"} {
		rel, ok := binaryReleases[platform]
		if !ok || !strings.HasPrefix(rel.pkg, "@cloudflare/workerd-"+strings.Split(platform, "/")[0]+"-") {
			t.Errorf("%s: package %q", platform, rel.pkg)
		}
		if !rel.installable() {
			if rel.tarball+rel.binary != "" {
				t.Errorf("%s: one checksum of two", platform)
			}
			continue
		}
		for _, sum := range []string{rel.tarball, rel.binary} {
			raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sum, "sha512-"))
			if err != nil || len(raw) != 64 {
				t.Errorf("%s: %q is no sha512", platform, sum)
			}
		}
		if rel.tarball == rel.binary || rel.tarballSize <= 0 || rel.binarySize <= rel.tarballSize {
			t.Errorf("%s: implausible %+v", platform, rel)
		}
	}
	for _, platform := range []string{"linux/amd64", "linux/arm64"} {
		if !binaryReleases[platform].installable() {
			t.Errorf("%s has no checksums", platform)
		}
	}
}

func TestPlatformsWithoutEngine(t *testing.T) {
	tests := []struct {
		name, platform string
		want, hint     []string
	}{
		{"unknown", "plan9/mips", []string{"plan9/mips", "not published", "darwin/amd64, darwin/arm64, linux/amd64, linux/arm64, windows/amd64"},
			[]string{"PADDOCK_WORKERD"}},
		{"published but not pinned", "darwin/arm64", []string{"darwin/arm64", "no checksum"},
			[]string{"@cloudflare/workerd-darwin-arm64@" + Version, "PADDOCK_WORKERD"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table := map[string]binaryRelease{}
			for platform, rel := range binaryReleases {
				table[platform] = binaryRelease{pkg: rel.pkg} // as if none had been pinned
			}
			f := Finder{Getenv: func(string) string { return "" }, CacheDir: t.TempDir(), Platform: tt.platform, releases: table}
			_, findErr := f.Find(t.Context())
			_, installErr := f.Install(t.Context())
			for _, err := range []error{findErr, installErr} {
				checkBinaryError(t, err, tt.want, tt.hint)
				if errors.Is(err, ErrNoEngine) {
					t.Errorf("%v is ErrNoEngine, which promises that installing helps", err)
				}
			}
			f.Getenv = func(string) string { return binaryTestProgram(t) }
			if b, err := f.Install(t.Context()); err != nil || b.Source != "PADDOCK_WORKERD" {
				t.Errorf("with PADDOCK_WORKERD: %+v, %v", b, err)
			}
		})
	}
}

func TestReportedVersion(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the programs are shell scripts")
	}
	good := Binary{Path: binaryTestProgram(t)}
	if got, err := good.ReportedVersion(t.Context()); err != nil || got != "workerd 2026-11-17" {
		t.Errorf("got %q, %v", got, err)
	}
	broken := filepath.Join(t.TempDir(), "workerd")
	binaryTestFile(t, broken, "\x7fELF of another machine", 0o700)
	_, err := Binary{Path: broken, Source: sourceCache}.ReportedVersion(t.Context())
	checkBinaryError(t, err, []string{"run " + broken}, []string{"glibc"})
	_, err = Binary{Path: broken, Source: SourceEnv}.ReportedVersion(t.Context())
	checkBinaryError(t, err, []string{"run " + broken}, []string{"PADDOCK_WORKERD"})
	// As on a file system that is mounted noexec.
	binaryTestFile(t, broken, testBinary, 0o600)
	_, err = Binary{Path: broken, Source: sourceCache}.ReportedVersion(t.Context())
	checkBinaryError(t, err, []string{"run " + broken, "permission denied"}, []string{"noexec", binaryCacheVariable()})
}

// binaryTestProgram is a program that says what workerd would say.
func binaryTestProgram(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "my-workerd")
	binaryTestFile(t, path, testBinary, 0o700)
	return path
}

// checkBinaryError fails unless err is a BinaryError with these words in its
// text and in its hint.
func checkBinaryError(t *testing.T, err error, want, hint []string) {
	t.Helper()
	var be *BinaryError
	if !errors.As(err, &be) {
		t.Fatalf("got %T %v, want a *BinaryError", err, err)
	}
	for _, w := range want {
		if !strings.Contains(be.Error(), w) {
			t.Errorf("error lacks %q:\n%v", w, be)
		}
	}
	for _, w := range hint {
		if !strings.Contains(be.Hint, w) {
			t.Errorf("hint lacks %q:\n%s", w, be.Hint)
		}
	}
}
