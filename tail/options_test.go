package tail

import (
	"math"
	"strings"
	"testing"
)

// The JSON is what Wrangler 4 sends for the same flags.
func TestBuildFilters(t *testing.T) {
	for _, test := range []struct {
		options FilterOptions
		want    string
	}{
		{FilterOptions{}, `[]`},
		{FilterOptions{Status: []string{"error", "canceled", "error"}},
			`[{"outcome":["exception","exceededCpu","exceededMemory","unknown","canceled"]}]`},
		{FilterOptions{Header: "X-A"}, `[{"header":{"key":"X-A"}}]`},
		{FilterOptions{Header: " X-A : val:ue "}, `[{"header":{"key":"X-A","query":"val:ue"}}]`},
		{FilterOptions{Header: "X-A:"}, `[{"header":{"key":"X-A","query":""}}]`},
		{FilterOptions{Methods: []string{"POST", "GET"}}, `[{"method":["POST","GET"]}]`},
		{FilterOptions{
			SamplingRate: 0.25, Status: []string{"ok"}, Methods: []string{"GET"}, Header: "h",
			ClientIPs: []string{"self", "1.2.3.4"}, Search: "find <me>", VersionID: "abc",
		}, `[{"sampling_rate":0.25},{"outcome":["ok"]},{"method":["GET"]},{"header":{"key":"h"}},` +
			`{"client_ip":["self","1.2.3.4"]},{"query":"find <me>"},{"scriptVersion":"abc"}]`},
	} {
		got, err := BuildFilters(test.options)
		if err != nil || string(got) != test.want {
			t.Errorf("BuildFilters(%+v) = %s, %v\nwant %s", test.options, got, err, test.want)
		}
		if _, err := ParseFilters(got); err != nil {
			t.Errorf("ParseFilters(%s): %v", got, err)
		}
	}
}

func TestBuildFiltersRefuses(t *testing.T) {
	for _, rate := range []float64{1, 2, -0.5, math.NaN()} {
		_, err := BuildFilters(FilterOptions{SamplingRate: rate})
		if err == nil || err.Error() != "A sampling rate must be between 0 and 1 in order to have any effect." {
			t.Errorf("rate %v: %v", rate, err)
		}
	}
	_, err := BuildFilters(FilterOptions{Status: []string{"ok", "bad"}})
	if err == nil || !strings.Contains(err.Error(), `Argument: status, Given: "bad", Choices: "ok", "error", "canceled"`) {
		t.Errorf("unknown status: %v", err)
	}
}
