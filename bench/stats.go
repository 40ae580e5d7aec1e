package main

import (
	"math"
	"slices"
)

// quantile returns the value below which the share q of the samples lies,
// interpolated between neighbours, and 0 if there are none.
func quantile(samples []float64, q float64) float64 {
	if len(samples) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(samples))
	pos := q * float64(len(s)-1)
	below, part := math.Modf(pos)
	i := int(below)
	if part == 0 {
		return s[i]
	}
	return s[i] + part*(s[i+1]-s[i])
}

func median(samples []float64) float64 { return quantile(samples, 0.5) }

// ratios divides round by round. The ratio of two medians would compare
// rounds that had not the same machine to themselves.
func ratios(a, b []float64) []float64 {
	out := make([]float64, min(len(a), len(b)))
	for i := range out {
		out[i] = a[i] / b[i]
	}
	return out
}

// A bound is what the median must keep.
type bound struct {
	Op    string  `json:"op"` // "≤" or "≥"
	Value float64 `json:"value"`
}

func atMost(v float64) *bound  { return &bound{"≤", v} }
func atLeast(v float64) *bound { return &bound{"≥", v} }

// keeps is false for what is not a number, as a division by zero makes it.
func (b bound) keeps(v float64) bool {
	if b.Op == "≤" {
		return v <= b.Value
	}
	return v >= b.Value
}
