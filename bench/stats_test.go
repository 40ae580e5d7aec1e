package main

import (
	"math"
	"slices"
	"testing"
)

func TestQuantile(t *testing.T) {
	for _, test := range []struct {
		name           string
		samples        []float64
		q1, median, q3 float64
	}{
		{"none", nil, 0, 0, 0},
		{"one", []float64{7}, 7, 7, 7},
		{"two", []float64{4, 2}, 2.5, 3, 3.5},
		{"odd, unsorted", []float64{5, 1, 4, 2, 3}, 2, 3, 4},
		{"even, with an outlier", []float64{1, 2, 3, 1000}, 1.75, 2.5, 252.25},
	} {
		before := slices.Clone(test.samples)
		for q, want := range map[float64]float64{0.25: test.q1, 0.5: test.median, 0.75: test.q3} {
			if got := quantile(test.samples, q); got != want {
				t.Errorf("%s: quantile %v = %v, want %v", test.name, q, got, want)
			}
		}
		if !slices.Equal(before, test.samples) {
			t.Errorf("%s: the samples, which belong to their rounds, were reordered to %v", test.name, test.samples)
		}
	}
}

// A machine that is twice as slow in one round must not show in the ratio.
func TestRatiosAreOfOneRound(t *testing.T) {
	got := ratios([]float64{20, 40, 20}, []float64{10, 20, 10})
	if want := []float64{2, 2, 2}; !slices.Equal(got, want) {
		t.Errorf("ratios = %v, want %v", got, want)
	}
}

func TestBoundKeeps(t *testing.T) {
	for _, test := range []struct {
		bound *bound
		value float64
		want  bool
	}{
		{atMost(2), 2, true},
		{atMost(2), 2.01, false},
		{atLeast(2), 2, true},
		{atLeast(2), 1.99, false},
		{atMost(2), math.NaN(), false},
		{atLeast(2), math.NaN(), false},
	} {
		if got := test.bound.keeps(test.value); got != test.want {
			t.Errorf("%s %v keeps %v = %v, want %v", test.bound.Op, test.bound.Value, test.value, got, test.want)
		}
	}
}
