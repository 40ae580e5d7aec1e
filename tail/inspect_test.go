package tail

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// The file holds pairs of a value and what util.inspect of Node 20 made of it.
func TestInspectAsNode(t *testing.T) {
	file, err := os.Open("testdata/inspect.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	count := 0
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for ; lines.Scan(); count++ {
		var pair [2]json.RawMessage
		if err := json.Unmarshal(lines.Bytes(), &pair); err != nil {
			t.Fatal(err)
		}
		if got, want := inspect(pair[0]), text(pair[1]); got != want {
			t.Errorf("inspect(%s)\n got:\n%s\nwant:\n%s", pair[0], got, want)
		}
	}
	if count < 50 {
		t.Errorf("compared %d values only", count)
	}
}

func TestInspectHostile(t *testing.T) {
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	for raw, want := range map[string]string{
		deep:              "[ [ [ [Array] ] ] ]",
		``:                "undefined",
		`1e999`:           "Infinity",
		`-1e999`:          "-Infinity",
		`-0`:              "-0",
		`{"__proto__":1}`: "{ ['__proto__']: 1 }",
	} {
		if got := inspect(json.RawMessage(raw)); got != want {
			t.Errorf("inspect(%.40s) = %q, want %q", raw, got, want)
		}
	}
}
