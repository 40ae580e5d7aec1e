package config

import (
	"fmt"
	"strings"
)

// nearest returns the known name that a misspelt one was probably meant to be,
// or "". It lets through about one slip in four letters.
func nearest(name string, known []string) string {
	const longest = 64 // no field is longer, and the time grows with the square
	if len(name) > longest {
		return ""
	}
	limit := min(max(len(name)/4, 1), 3)
	best := ""
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d <= limit {
			best, limit = k, d-1
		}
	}
	return best
}

// distance is how many bytes to insert, delete or replace, or neighbours to
// swap, to make b of a.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			if a[i] == b[j] {
				row[j+1] = last[j]
			} else {
				row[j+1] = 1 + min(last[j], last[j+1], row[j])
			}
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}

// quoteAll lists names, each in quotation marks, as many as one can read.
func quoteAll(names []string) string {
	const most = 10
	var b strings.Builder
	for i, name := range names {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(names)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", name)
	}
	return b.String()
}

// quoteEach lists texts as JSON does.
func quoteEach(list []string) string {
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(literal(s))
	}
	return b.String()
}
