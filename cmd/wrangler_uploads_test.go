//go:build wrangler

package cmd

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	godiff "github.com/google/go-cmp/cmp"

	"paddock/internal/peers"
	"paddock/internal/testcloud"
)

// What paddock sends to Cloudflare may differ from what Wrangler sends in this
// alone:
//
//   - the text of JavaScript modules and source maps, which different versions of
//     esbuild write; their names and types may not
//   - the order of bindings and of the parts of a form, which has no meaning
//   - the order of routes and domains, which Wrangler sends at the same time
//   - requests that only read: paddock also looks which versions there are, to
//     know later whether one was made whose answer got lost
//   - User-Agent and the other headers of the two HTTP clients
//   - what a case lists as except, with its reason
type uploadCase struct {
	name  string
	files map[string]string
	steps []step
}

// step is a command of both programs. Where they have it from different
// arguments, paddock's are given apart.
type step struct {
	args    string
	paddock string // "" for args
	stdin   string
	files   map[string]string // that are written before
	except  map[string]string // paths in bodies that may differ, and why
}

const (
	objects = "export class Counter {}\nexport default { fetch() { return new Response('hi') } }\n"
	base    = "name = \"api\"\nmain = \"src/index.js\"\ncompatibility_date = \"2026-01-01\"\n"
	bound   = "[[durable_objects.bindings]]\nname = \"COUNTER\"\nclass_name = \"Counter\"\n"
	v1      = "[[migrations]]\ntag = \"v1\"\nnew_classes = [\"Counter\"]\n"
)

var uploadCases = []uploadCase{
	{
		name: "variables",
		files: map[string]string{
			"src/index.js": objects,
			"wrangler.toml": base + "compatibility_flags = [\"nodejs_compat\"]\n" + bound + v1 +
				"[vars]\nTEXT = \"text\"\nNUMBER = 3\nTRUE = true\nLIST = [1, \"x\"]\nTABLE = { a = 1.5 }\n",
		},
		steps: []step{
			{args: "deploy"},
			{args: "deploy"},
			{args: "deploy --message hello --tag one"},
			{args: "deploy --keep-vars --var TEXT:other"},
		},
	},
	{
		name:  "migrations",
		files: map[string]string{"src/index.js": objects, "wrangler.toml": base + bound + v1},
		steps: []step{
			{args: "deploy"},
			{args: "deploy", files: map[string]string{
				"src/index.js":  strings.ReplaceAll(objects, "Counter", "Tally") + "export class Temp {}\n",
				"wrangler.toml": base + strings.ReplaceAll(bound, "Counter", "Tally") + v1 + "[[migrations]]\ntag = \"v2\"\nnew_sqlite_classes = [\"Temp\"]\n[[migrations.renamed_classes]]\nfrom = \"Counter\"\nto = \"Tally\"\n",
			}},
			{args: "deploy", paddock: "deploy --yes", files: map[string]string{
				"src/index.js": strings.ReplaceAll(objects, "Counter", "Tally"),
				"wrangler.toml": base + strings.ReplaceAll(bound, "Counter", "Tally") + v1 + "[[migrations]]\ntag = \"v2\"\nnew_sqlite_classes = [\"Temp\"]\n[[migrations.renamed_classes]]\nfrom = \"Counter\"\nto = \"Tally\"\n" +
					"[[migrations]]\ntag = \"v3\"\ndeleted_classes = [\"Temp\"]\n[[migrations]]\ntag = \"v4\"\n",
			}},
			{args: "deploy --name other", files: map[string]string{
				"src/index.js":  strings.ReplaceAll(objects, "Counter", "Moved"),
				"wrangler.toml": base + strings.ReplaceAll(bound, "Counter", "Moved") + "[[migrations]]\ntag = \"t1\"\n[[migrations.transferred_classes]]\nfrom = \"Tally\"\nfrom_script = \"api\"\nto = \"Moved\"\n",
			}},
		},
	},
	{
		name: "modules",
		files: map[string]string{
			"src/index.ts": "import text from './a.txt'\nimport data from './b.bin'\nimport wasm from './c.wasm'\nimport html from './deep/d.html'\n" +
				"export default { fetch(): Response { return new Response(text + html + data.byteLength + wasm) } }\n",
			"src/a.txt": "some text\n", "src/b.bin": "\x00\x01\x02", "src/c.wasm": "\x00asm\x01\x00\x00\x00", "src/deep/d.html": "<p>",
			"wrangler.jsonc": `{ "name": "mods", "main": "src/index.ts", "compatibility_date": "2026-01-01", }`,
		},
		steps: []step{{args: "deploy"}, {args: "deploy --minify"}, {args: "versions upload"}, {args: "versions upload --message m --tag t"}},
	},
	{
		name: "environments",
		files: map[string]string{
			"src/index.js":  objects,
			"wrangler.toml": base + v1 + "[env.staging]\n[env.staging.vars]\nWHERE = \"staging\"\n[env.prod]\nname = \"production\"\nkeep_vars = true\n",
		},
		steps: []step{{args: "deploy --env staging"}, {args: "deploy --env prod"}, {args: "deploy --env prod"}, {args: "deploy --env="}},
	},
	{
		name: "settings",
		files: map[string]string{
			"src/index.js": objects,
			"wrangler.toml": base + "workers_dev = false\npreview_urls = false\nlogpush = true\nlimits = { cpu_ms = 50 }\nplacement = { mode = \"smart\" }\n" +
				"upload_source_maps = false\ntail_consumers = [{ service = \"logs\" }]\n" +
				"routes = [\"a.example/*\", { pattern = \"b.example/x*\", zone_name = \"b.example\" }, { pattern = \"c.example\", custom_domain = true }]\n" +
				"[observability]\nenabled = true\nhead_sampling_rate = 0.5\n[observability.logs]\ninvocation_logs = false\n" +
				"[durable_objects]\ncode_update_strategy = { mode = \"immediate\" }\n",
		},
		steps: []step{{args: "deploy"}, {args: "deploy"}, {args: "versions upload"}, {args: "versions deploy 00000000-0000-4000-8000-000000000001@100 --yes"}},
	},
	{
		name: "resources",
		files: map[string]string{
			"src/index.js": objects,
			"wrangler.toml": base + "kv_namespaces = [{ binding = \"KV\", id = \"k\" }]\nd1_databases = [{ binding = \"DB\", database_name = \"db\", database_id = \"d\" }]\n" +
				"services = [{ binding = \"OTHER\", service = \"other\", entrypoint = \"Named\" }]\nversion_metadata = { binding = \"VERSION\" }\n",
		},
		steps: []step{{args: "deploy"}},
	},
	{
		name: "static files",
		files: map[string]string{
			"src/index.js": objects, "public/index.html": "<h1>home</h1>\n", "public/deep/a.txt": "a", "public/copy.txt": "a", "public/none": "?",
			"public/x.yaml": "a: 1", "public/.hidden": "h", "public/x.draft": "d", "public/.assetsignore": "*.draft\n",
			"public/_headers": "/*\n  X: y\n", "public/_redirects": "/a /b\n",
			"wrangler.jsonc": `{ "name": "site", "main": "src/index.js", "compatibility_date": "2026-01-01", "assets": { "directory": "public",
				"binding": "ASSETS", "html_handling": "none", "not_found_handling": "404-page", "run_worker_first": ["/api/*"] } }`,
		},
		steps: []step{
			{args: "deploy"},
			{args: "deploy", files: map[string]string{"public/index.html": "<h1>other</h1>\n"}},
			{args: "versions upload"},
		},
	},
	{
		name: "static files alone",
		files: map[string]string{
			"public/index.html": "<h1>home</h1>\n",
			"wrangler.jsonc":    `{ "name": "site", "compatibility_date": "2026-01-01", "assets": { "directory": "public" } }`,
		},
		steps: []step{{args: "deploy"}, {args: "deploy --message m"}},
	},
	{
		name:  "secrets",
		files: map[string]string{"src/index.js": objects, "wrangler.toml": base, "more.json": `{"B":"2","A":null}`},
		steps: []step{
			{args: "secret put A", stdin: "value\n", except: map[string]string{"compatibility_flags": "[] says the same as nothing, and the draft is the only form without"}},
			{args: "deploy"},
			{args: "secret put B", stdin: "value"},
			{args: "secret bulk more.json"},
			{args: "deploy"},
			{args: "secret delete B", paddock: "secret delete B --yes"},
		},
	},
	{
		name:  "versions",
		files: map[string]string{"src/index.js": objects, "wrangler.toml": base},
		steps: []step{
			{args: "deploy"},
			{args: "deploy"},
			{args: "versions deploy 00000000-0000-4000-8000-000000000001@40 00000000-0000-4000-8000-000000000005@60 --message split --yes"},
			{args: "deploy"},
			{args: "rollback 00000000-0000-4000-8000-000000000001 --message back --yes"},
			{args: "delete --force"},
		},
	},
}

// TestWranglerUploads runs both programs on the same projects, each with a cloud
// of its own, and holds what the clouds got side by side.
func TestWranglerUploads(t *testing.T) {
	installed, err := peers.InstallWrangler(t.Context(), peers.WranglerVersion)
	if errors.Is(err, peers.ErrNoNPM) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	program := buildProgram(t)
	for _, test := range uploadCases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel() // both programs take seconds of their own
			theirs, ours := newUploader(t, test.files, installed.Node, installed.Script), newUploader(t, test.files, program)
			for _, s := range test.steps {
				want := theirs.run(t, s, s.args)
				got := ours.run(t, s, cmp.Or(s.paddock, s.args)+" --remote")
				if diff := godiff.Diff(want, got); diff != "" {
					t.Errorf("%s: paddock sends something else (-wrangler +paddock):\n%s", s.args, diff)
				}
			}
		})
	}
}

// uploader is a program with a project and a cloud.
type uploader struct {
	cloud   *testcloud.Cloud
	dir     string
	command []string
	env     []string
}

func newUploader(t *testing.T, files map[string]string, command ...string) *uploader {
	u := &uploader{cloud: testcloud.New(t), dir: t.TempDir(), command: command}
	home := t.TempDir()
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CLOUDFLARE_") && !strings.HasPrefix(v, "HOME=") {
			u.env = append(u.env, v)
		}
	}
	u.env = append(append(u.env, peers.Environment(home)...), "HOME="+home, "PADDOCK_STATE_DIR="+filepath.Join(home, "state"),
		"CLOUDFLARE_API_BASE_URL="+u.cloud.URL, "CLOUDFLARE_API_TOKEN="+testcloud.Token)
	u.write(t, files)
	return u
}

func (u *uploader) write(t *testing.T, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(u.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// run runs a command and returns what it has changed.
func (u *uploader) run(t *testing.T, s step, args string) []sent {
	t.Helper()
	u.write(t, s.files)
	ctx, cancel := context.WithTimeout(t.Context(), wranglerPatience)
	defer cancel()
	list := append(slices.Clone(u.command[1:]), strings.Fields(args)...)
	c := exec.CommandContext(ctx, u.command[0], list...)
	c.Dir, c.Env, c.Stdin = u.dir, u.env, strings.NewReader(s.stdin)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(u.command[0]), args, err, out)
	}
	var changes, triggers []sent
	for _, r := range u.cloud.Requests() {
		switch {
		case r.Method == http.MethodGet:
		case strings.HasSuffix(r.Path, "/routes") || strings.Contains(r.Path, "/domains/"):
			triggers = append(triggers, readSent(t, r, s.except))
		default:
			changes = append(changes, readSent(t, r, s.except))
		}
	}
	slices.SortFunc(triggers, func(a, b sent) int { return cmp.Compare(a.Request, b.Request) })
	return append(changes, triggers...)
}

// sent is a request as it is compared.
type sent struct {
	Request string // method and path
	APIDate string
	Body    any
	Parts   []part
}

type part struct {
	Name, Filename, Type string
	Content              string // "" where it may differ
}

func readSent(t *testing.T, r testcloud.Request, except map[string]string) sent {
	t.Helper()
	s := sent{Request: r.String(), APIDate: r.Header.Get("Cloudflare-Workers-Script-Api-Date")}
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		s.Body = readJSON(t, r.Body, except)
		return s
	}
	reader := multipart.NewReader(bytes.NewReader(r.Body), params["boundary"])
	for {
		p, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		_, disposition, _ := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
		this := part{Name: disposition["name"], Filename: disposition["filename"], Type: p.Header.Get("Content-Type"), Content: string(content)}
		switch {
		case this.Name == "metadata":
			s.Body, this.Content = readJSON(t, content, except), ""
		case strings.Contains(this.Type, "javascript") || strings.Contains(this.Type, "source-map"):
			this.Content = ""
		}
		s.Parts = append(s.Parts, this)
	}
	slices.SortFunc(s.Parts, func(a, b part) int { return cmp.Compare(a.Name, b.Name) })
	return s
}

func readJSON(t *testing.T, data []byte, except map[string]string) any {
	t.Helper()
	if len(data) == 0 {
		return nil
	}
	var body any
	if err := json.Unmarshal(data, &body); err != nil {
		t.Fatalf("%v in %q", err, data)
	}
	table, ok := body.(map[string]any)
	if !ok {
		return body
	}
	for name := range except {
		delete(table, name)
	}
	if bindings, ok := table["bindings"].([]any); ok {
		slices.SortFunc(bindings, func(a, b any) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	return body
}
