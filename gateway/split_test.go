package gateway

import (
	"fmt"
	"net/http"
	"testing"
)

// split is a front whose script "app" has two versions, "new" with a percentage and "old" with the rest.
func split(t *testing.T, percentage float64) *front {
	t.Helper()
	f := newFront(t, Options{})
	gate := NewGate("app")
	gate.Open(map[string]Endpoint{"app": backend(t, says("new")), "app:old": backend(t, says("old"))})
	f.SetTable(Table{Default: &Target{Script: "app", Gate: gate, Split: splitOf(percentage)}})
	return f
}

func splitOf(percentage float64) *Split {
	return &Split{Percentage: percentage, Versions: [2]SplitVersion{{"new-id", "app"}, {"old-id", "app:old"}}}
}

// with sends a request with headers and returns what answers it.
func (f *front) with(t *testing.T, headers ...string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, f.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return do(t, req).body
}

func TestSplitSendsAShareToEachVersion(t *testing.T) {
	for percentage, want := range map[float64][2]bool{0: {false, true}, 100: {true, false}, 50: {true, true}} {
		f, got := split(t, percentage), map[string]int{}
		for range 100 {
			got[f.with(t)]++
		}
		// Of 100 requests at 50 %, all go one way once in 2^99 runs.
		if have := [2]bool{got["new"] > 0, got["old"] > 0}; have != want || got["new"]+got["old"] != 100 {
			t.Errorf("at %v %% the answers are %v", percentage, got)
		}
	}
}

func TestDrawsAreEven(t *testing.T) {
	const many = 10000
	below := 0
	for i := range many {
		d := draw("app", fmt.Sprint("key-", i))
		if d < 0 || d >= 100 {
			t.Fatalf("drew %v", d)
		}
		if d < 30 {
			below++
		}
	}
	// The standard deviation is 46.
	if below < many*30/100-250 || below > many*30/100+250 {
		t.Errorf("%d of %d draws are below 30", below, many)
	}
}

// A key stays with its version, and with the newer one as its share grows.
func TestVersionKeySticks(t *testing.T) {
	if draw("app", "a key") != draw("app", "a key") {
		t.Error("a key is drawn anew each time")
	}
	fronts := map[float64]*front{10: split(t, 10), 60: split(t, 60)}
	moved := 0
	for i := range 30 {
		key := fmt.Sprint("user-", i)
		few, most := fronts[10].with(t, versionKeyHeader, key), fronts[60].with(t, versionKeyHeader, key)
		if again := fronts[60].with(t, versionKeyHeader, key); again != most {
			t.Errorf("key %s goes to %s and then to %s", key, most, again)
		}
		if few == "new" && most != "new" {
			t.Errorf("key %s leaves the newer version as its share grows", key)
		}
		if few != most {
			moved++
		}
	}
	if moved == 0 {
		t.Error("no key moved to the newer version")
	}
}

func TestVersionOverrides(t *testing.T) {
	newer, older := split(t, 100), split(t, 0)
	for header, obeyed := range map[string]bool{
		`app="old-id"`: true, `other="x", app="old-id"`: true, `app="old-id";p=1, other=?0`: true,
		`app="nothing"`: false, `other="old-id"`: false, `app=old-id`: false, `app=("old-id")`: false, `app="old-id`: false, ``: false, `app`: false,
	} {
		want := "new"
		if obeyed {
			want = "old"
		}
		if got := newer.with(t, overridesHeader, header); got != want {
			t.Errorf("override %q: %s answers, want %s", header, got, want)
		}
	}
	if got := newer.with(t, overridesHeader, `other="x"`, overridesHeader, `app="old-id"`); got != "old" {
		t.Errorf("an override in two headers: %s answers", got)
	}
	if got := older.with(t, overridesHeader, `app="new-id"`, versionKeyHeader, "k"); got != "new" {
		t.Errorf("an override of a version without a share: %s answers", got)
	}
}
