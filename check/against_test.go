package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repo is a git repository.
type repo struct {
	t   *testing.T
	dir string
}

func newRepo(t *testing.T) repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	r := repo{t, t.TempDir()}
	r.git("init", "--quiet", "--initial-branch=main")
	return r
}

func (r repo) git(args ...string) {
	r.t.Helper()
	c := exec.Command("git", append([]string{"-c", "user.name=n", "-c", "user.email=e@example.com"}, args...)...)
	c.Dir = r.dir
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull)
	if out, err := c.CombinedOutput(); err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func (r repo) write(name, text string) {
	r.t.Helper()
	write(r.t, filepath.Join(r.dir, name), text)
}

func (r repo) commit() {
	r.t.Helper()
	r.git("add", "--all")
	r.git("commit", "--quiet", "--message=m")
}

// check compares with a revision and returns what there is to say of git and
// of migrations.
func (r repo) check(against string, paths ...string) string {
	r.t.Helper()
	var said []string
	for _, d := range run(r.t, Options{Dir: r.dir, Paths: paths, NoBundle: true, Against: against, Now: now}) {
		said = append(said, span(d.Location)+" "+d.Code+": "+d.Message)
		if d.Hint != "" {
			said = append(said, strings.Split(d.Hint, "\n")...)
		}
	}
	return strings.Join(said, "\n")
}

const plain = "name = \"w\"\nmain = \"a.js\"\ncompatibility_date = \"2026-01-01\"\n"

func TestAgainst(t *testing.T) {
	r := newRepo(t)
	r.write("app/wrangler.toml", plain+"[[migrations]]\ntag = \"v1\"\nnew_classes = [\"A\"]\n")
	r.commit()
	r.git("branch", "base")

	// what is the same, written otherwise and with another entry
	r.write("app/wrangler.toml", plain+"migrations = [{ new_classes = ['A'], tag = 'v1' }, { tag = 'v2' }] # new\n")
	r.expect("base", "")
	// an entry that was edited, through a folder, a file and from inside
	r.write("app/wrangler.toml", plain+"[[migrations]]\ntag = \"v1\"\nnew_sqlite_classes = [\"A\"]\n")
	const edited = `app/wrangler.toml:5:7-11 migration-edited: the migration "v1", which is in `
	r.expect("base", edited, "app")
	r.expect("HEAD", edited, "app/wrangler.toml")
	inside := repo{t, filepath.Join(r.dir, "app")}
	inside.expect("base", strings.TrimPrefix(edited, "app/"))
	// in a hook of git, which sets variables that lead astray
	t.Setenv("GIT_DIR", filepath.Join(r.dir, ".git"))
	inside.expect("base", strings.TrimPrefix(edited, "app/"))

	// a file that is new, and one that has changed its format
	r.write("other/wrangler.toml", plain)
	r.expect("base", "", "other")
	if err := os.Remove(filepath.Join(r.dir, "app", "wrangler.toml")); err != nil {
		t.Fatal(err)
	}
	r.write("app/wrangler.jsonc", `{ "name": "w", "main": "a.js", "compatibility_date": "2026-01-01", "migrations": [{ "tag": "v1", "new_classes": ["A"] }] }`)
	r.expect("base", "")
	r.write("app/wrangler.jsonc", `{ "name": "w", "main": "a.js", "compatibility_date": "2026-01-01" }`)
	r.expect("base", `app/wrangler.jsonc migration-removed: the migration "v1", which is in base and may have been applied, is gone from the list`)
	// exports have taken its place
	r.write("app/wrangler.jsonc", `{ "name": "w", "main": "a.js", "compatibility_date": "2026-01-01", "exports": { "A": { "type": "durable-object", "storage": "legacy-kv" } } }`)
	r.expect("base", "")

	// a revision that cannot be read
	r.write("app/wrangler.jsonc", `{ "name": `)
	r.commit()
	r.write("app/wrangler.jsonc", `{ "name": "w", "main": "a.js", "compatibility_date": "2026-01-01" }`)
	r.expect("HEAD", `app/wrangler.jsonc against-unreadable: the migrations are not compared: wrangler.jsonc cannot be read as it is in HEAD`)
}

// expect checks the project in app, or in paths, and looks for the words in
// what is said, or for silence.
func (r repo) expect(against, words string, paths ...string) {
	r.t.Helper()
	if paths == nil && filepath.Base(r.dir) != "app" {
		paths = []string{"app"}
	}
	said := filepath.ToSlash(r.check(against, paths...))
	if words == "" && said != "" || !strings.Contains(said, words) {
		r.t.Errorf("against %s: %q, want %q", against, said, words)
	}
}

func TestAgainstUnknownRevisions(t *testing.T) {
	r := newRepo(t)
	r.write("app/wrangler.toml", plain)
	r.commit()
	r.git("commit", "--quiet", "--allow-empty", "--message=m")
	for _, revision := range []string{"nope", "--upload-pack=x", "HEAD:app", "a..b", "HEAD^{tree}", "x\x00y", "0000000000000000000000000000000000000000"} {
		r.expect(revision, "unknown-revision: git knows no revision")
	}
	r.expect("origin/main", "Fetch it first: git fetch origin main")
	r.expect("HEAD@{0}", "")

	shallow := repo{t, t.TempDir()}
	shallow.git("clone", "--quiet", "--depth=1", "file://"+filepath.ToSlash(r.dir), "app")
	shallow.dir = filepath.Join(shallow.dir, "app")
	shallow.expect("HEAD~1", "give actions/checkout fetch-depth: 0", "app")

	nowhere := repo{t, t.TempDir()}
	nowhere.write("app/wrangler.toml", plain)
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(nowhere.dir))
	nowhere.expect("HEAD", "git-failed: compare with HEAD: git: not a git repository")
	t.Setenv("PATH", "")
	nowhere.expect("HEAD", "git-failed: compare with HEAD: git is not installed")
}
