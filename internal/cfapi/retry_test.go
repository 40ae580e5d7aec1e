package cfapi_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"paddock/internal/cfapi"
	"paddock/internal/testcloud"
)

// newCloud returns a cloud with the script "s", and a client that repeats.
func newCloud(t *testing.T) (*testcloud.Cloud, *cfapi.Client, *[]time.Duration) {
	t.Helper()
	cloud, pauses := testcloud.New(t), &[]time.Duration{}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c := &cfapi.Client{
		BaseURL: cloud.URL, Token: testcloud.Token, AccountID: "acc",
		HTTP: &http.Client{Transport: transport}, Retry: cfapi.NewRetry(pauses),
	}
	if _, err := c.PutScript(t.Context(), "s", form("first")); err != nil {
		t.Fatal(err)
	}
	if err := c.PutSecret(t.Context(), "s", cfapi.NewSecret("OLD", "x")); err != nil {
		t.Fatal(err)
	}
	cloud.Requests()
	return cloud, c, pauses
}

func form(message string) cfapi.Form {
	return cfapi.Form{
		Metadata: cfapi.Metadata{
			MainModule: "i.js", CompatibilityDate: "2026-01-01", Annotations: map[string]string{cfapi.AnnotationMessage: message},
			Bindings: []cfapi.Binding{{Name: "A", Type: cfapi.BindingPlainText, Text: "a"}},
		},
		Parts: []cfapi.Part{{Name: "i.js", ContentType: cfapi.TypeESModule, Content: []byte("code")}},
	}
}

func migrating(message string) cfapi.Form {
	f := form(message)
	f.Metadata.Migrations = &cfapi.Migrations{NewTag: "v1", Steps: []byte(`[{"new_classes":["C"]}]`)}
	return f
}

// A change is a call that may not be made twice.
type change struct {
	name, method, path string
	versions, deploys  int // that one more makes
	call               func(context.Context, *cfapi.Client) error
}

var changes = []change{
	{"upload", "PUT", "scripts/s?", 1, 1, func(ctx context.Context, c *cfapi.Client) error {
		up, err := c.PutScript(ctx, "s", form("second"))
		if err == nil && up.DeploymentID == "" {
			err = errors.New("the upload has no version")
		}
		return err
	}},
	{"upload with migrations", "PUT", "scripts/s?", 1, 1, func(ctx context.Context, c *cfapi.Client) error {
		up, err := c.PutScript(ctx, "s", migrating("second"))
		if err == nil && up.MigrationTag != "v1" {
			err = errors.New("the tag is " + up.MigrationTag)
		}
		return err
	}},
	{"version", "POST", "/versions", 1, 0, func(ctx context.Context, c *cfapi.Client) error {
		v, err := c.UploadVersion(ctx, "s", form("second"))
		if err == nil && v.Annotations[cfapi.AnnotationMessage] != "second" {
			err = errors.New("another version")
		}
		return err
	}},
	{"deployment", "POST", "/deployments", 0, 1, func(ctx context.Context, c *cfapi.Client) error {
		versions, err := c.Versions(ctx, "s")
		if err != nil {
			return err
		}
		shares := []cfapi.DeploymentVersion{{VersionID: versions[0].ID, Percentage: 40}, {VersionID: versions[1].ID, Percentage: 60}}
		_, err = c.CreateDeployment(ctx, "s", cfapi.DeploymentCreate{Strategy: "percentage", Versions: shares}, false)
		return err
	}},
	{"secret", "PUT", "/secrets", 1, 1, func(ctx context.Context, c *cfapi.Client) error {
		return c.PutSecret(ctx, "s", cfapi.NewSecret("NEW", "y"))
	}},
	{"secrets", "PATCH", "/secrets-bulk", 1, 1, func(ctx context.Context, c *cfapi.Client) error {
		return c.PatchSecrets(ctx, "s", cfapi.SecretsPatch{Secrets: map[string]*cfapi.Secret{"NEW": cfapi.NewSecret("NEW", "y"), "OLD": nil}})
	}},
	{"secret's end", "DELETE", "/secrets/OLD", 1, 1, func(ctx context.Context, c *cfapi.Client) error {
		return c.DeleteSecret(ctx, "s", "OLD")
	}},
}

// However an answer gets lost, a change is made once, and its result found.
func TestChangesAreMadeOnce(t *testing.T) {
	faults := map[string]testcloud.Fault{
		"too many requests":     {Status: 429},
		"server error":          {Status: 500},
		"no gateway":            {Status: 502, Times: 3},
		"server error at last":  {Status: 500, Applied: true},
		"connection lost":       {Drop: true},
		"lost twice":            {Drop: true, Times: 2},
		"answer lost":           {Drop: true, Applied: true},
		"answer lost for retry": {Status: 429, RetryAfter: "7"},
	}
	for _, change := range changes {
		for name, fault := range faults {
			t.Run(change.name+"/"+name, func(t *testing.T) {
				cloud, c, pauses := newCloud(t)
				versions, deploys := cloud.Versions("s"), cloud.Deployments("s")
				fault.Method, fault.Path = change.method, change.path
				cloud.Fail(fault)
				if err := change.call(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				if got := cloud.Versions("s") - versions; got != change.versions {
					t.Errorf("%d versions were made, want %d", got, change.versions)
				}
				if got := cloud.Deployments("s") - deploys; got != change.deploys {
					t.Errorf("%d deployments were made, want %d", got, change.deploys)
				}
				if want := max(fault.Times, 1); len(*pauses) != want {
					t.Errorf("%d pauses, want %d", len(*pauses), want)
				}
			})
		}
	}
}

func TestDeletedOnce(t *testing.T) {
	cloud, c, _ := newCloud(t)
	cloud.Fail(testcloud.Fault{Method: "DELETE", Drop: true, Applied: true})
	if err := c.DeleteService(t.Context(), "s", false); err != nil {
		t.Fatal(err)
	}
	if n := count(cloud.Requests(), "DELETE"); n != 1 {
		t.Errorf("%d deletions were sent", n)
	}
}

// What is refused is refused at once, and what cannot be found out is said.
func TestChangesThatFail(t *testing.T) {
	t.Run("refused", func(t *testing.T) {
		cloud, c, pauses := newCloud(t)
		f := migrating("x")
		f.Metadata.Migrations.OldTag = "v0"
		_, err := c.PutScript(t.Context(), "s", f)
		if !cfapi.HasCode(err, cfapi.CodeMigrationTag) || len(*pauses) != 0 || count(cloud.Requests(), "PUT") != 1 {
			t.Errorf("%v after %v", err, *pauses)
		}
	})
	t.Run("never applied", func(t *testing.T) {
		cloud, c, pauses := newCloud(t)
		cloud.Fail(testcloud.Fault{Method: "PUT", Status: 503, Times: 9})
		_, err := c.PutScript(t.Context(), "s", form("x"))
		var api *cfapi.APIError
		if !errors.As(err, &api) || api.Status != 503 || len(*pauses) != 3 || count(cloud.Requests(), "PUT") != 4 {
			t.Errorf("%v after %v", err, *pauses)
		}
	})
	t.Run("not to be found out", func(t *testing.T) {
		cloud, c, _ := newCloud(t)
		known := cloud.Versions("s")
		cloud.Fail(testcloud.Fault{Method: "PUT", Drop: true, Applied: true})
		cloud.Fail(testcloud.Fault{Path: "/versions/", Status: 500, Times: 9}) // one version is asked for only afterwards
		_, err := c.PutScript(t.Context(), "s", form("x"))
		var unsettled *cfapi.UnsettledError
		if !errors.As(err, &unsettled) || !strings.Contains(err.Error(), "may have been done all the same") {
			t.Errorf("%v", err)
		}
		if got := cloud.Versions("s") - known; got != 1 || count(cloud.Requests(), "PUT") != 1 {
			t.Errorf("%d versions were made", got)
		}
	})
	t.Run("somebody else's upload", func(t *testing.T) {
		cloud, c, _ := newCloud(t)
		known := cloud.Versions("s")
		// Another client is between: what it makes is not taken for ours.
		other := *c
		other.Retry = nil
		cloud.Fail(testcloud.Fault{Method: "PUT", Drop: true})
		c.Retry.OnRetry = func(error, time.Duration) {
			if _, err := other.PutScript(context.Background(), "s", form("theirs")); err != nil {
				t.Error(err)
			}
		}
		if _, err := c.PutScript(t.Context(), "s", form("ours")); err != nil {
			t.Fatal(err)
		}
		if got := cloud.Versions("s") - known; got != 2 {
			t.Errorf("%d versions were made, want theirs and ours", got)
		}
	})
	t.Run("wait for too long", func(t *testing.T) {
		cloud, c, pauses := newCloud(t)
		cloud.Fail(testcloud.Fault{Method: "PUT", Status: 429, RetryAfter: "61"})
		_, err := c.PutScript(t.Context(), "s", form("x"))
		var api *cfapi.APIError
		if !errors.As(err, &api) || api.RetryAfter != 61*time.Second || len(*pauses) != 0 {
			t.Errorf("%v after %v", err, *pauses)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		cloud, c, _ := newCloud(t)
		ctx, cancel := context.WithCancel(t.Context())
		c.Retry.OnRetry = func(error, time.Duration) { cancel() }
		cloud.Fail(testcloud.Fault{Method: "PUT", Status: 503, Times: 9})
		if _, err := c.PutScript(ctx, "s", form("x")); err == nil || count(cloud.Requests(), "PUT") != 1 {
			t.Errorf("%v", err)
		}
	})
}

func TestPauses(t *testing.T) {
	tests := []struct {
		name       string
		retryAfter string
		want       []time.Duration
	}{
		{"doubling", "", []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}},
		{"as asked for", "60", []time.Duration{time.Minute, time.Minute, time.Minute}},
		{"nonsense", "soon", []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cloud, c, pauses := newCloud(t)
			cloud.Fail(testcloud.Fault{Path: "services", Status: 429, RetryAfter: test.retryAfter, Times: 3})
			if _, err := c.Service(t.Context(), "s"); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(*pauses, test.want) {
				t.Errorf("pauses of %v, want %v", *pauses, test.want)
			}
		})
	}
}

// Nothing is repeated against a runtime that answers for itself.
func TestWithoutRetry(t *testing.T) {
	cloud, c, _ := newCloud(t)
	c.Retry = nil
	cloud.Fail(testcloud.Fault{Method: "PUT", Status: 503})
	if _, err := c.PutScript(t.Context(), "s", form("x")); err == nil {
		t.Error("no error")
	}
	if list := cloud.Requests(); len(list) != 1 {
		t.Errorf("requests: %v", list)
	}
}

// A connection that cannot be made is no reason to look for what was done.
func TestUnreachable(t *testing.T) {
	var pauses []time.Duration
	c := &cfapi.Client{BaseURL: "http://127.0.0.1:1", AccountID: "acc", Retry: cfapi.NewRetry(&pauses)}
	err := c.DeleteService(t.Context(), "s", false)
	var lost *cfapi.ConnectionError
	if !errors.As(err, &lost) || lost.Sent || len(pauses) != 3 {
		t.Errorf("%v after %v", err, pauses)
	}
}

func TestUploadIsTold(t *testing.T) {
	_, c, _ := newCloud(t)
	var sent, total int64
	c.OnUpload = func(s, n int64) { sent, total = s, n }
	if _, err := c.PutScript(t.Context(), "s", form("x")); err != nil {
		t.Fatal(err)
	}
	if total == 0 || sent != total {
		t.Errorf("%d of %d bytes", sent, total)
	}
}

func TestKeyAndEmail(t *testing.T) {
	cloud := testcloud.New(t)
	c := &cfapi.Client{BaseURL: cloud.URL, Key: "the-key", Email: "me@example.com", AccountID: "acc"}
	if _, err := c.Service(t.Context(), "s"); err == nil {
		t.Error("no error")
	}
	h := cloud.Requests()[0].Header
	if h.Get("X-Auth-Key") != "the-key" || h.Get("X-Auth-Email") != "me@example.com" || h.Get("Authorization") != "" {
		t.Errorf("headers: %v", h)
	}
}

func count(list []testcloud.Request, method string) int {
	n := 0
	for _, r := range list {
		if r.Method == method {
			n++
		}
	}
	return n
}
