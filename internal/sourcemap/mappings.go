package sourcemap

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// A segment says where the generated code from a column on comes from.
// Everything is 0-based; source is -1 if it comes from nowhere.
type segment struct {
	generated, source, line, column int32
}

// maxFields is the most numbers that a segment has: generated column, source,
// line, column, name.
const maxFields = 5

var errMapping = errors.New("bad mapping")

// decodeMappings reads the mappings field: lines end in ";", segments in ",",
// and a segment is one, four or five numbers, each the difference to the same
// number before it. Only the generated column starts again with each line.
//
// This is read here and not by a library because the one at hand trusts the
// map: an index beyond the sources panics when it is looked up, and a place
// on a line without mappings is given that of the line before.
func decodeMappings(s string, sources int) (segments []segment, lines []int, err error) {
	lines = make([]int, 0, strings.Count(s, ";")+1)
	var at [maxFields]int64 // the running sums
	for row := range strings.SplitSeq(s, ";") {
		lines = append(lines, len(segments))
		at[0] = 0
		for text := range strings.SplitSeq(row, ",") {
			if text == "" {
				continue
			}
			seg, err := decodeSegment(text, &at, sources)
			if err != nil {
				return nil, nil, fmt.Errorf("generated line %d: %w", len(lines), err)
			}
			segments = append(segments, seg)
		}
	}
	sortRows(segments, lines)
	return segments, lines, nil
}

func decodeSegment(text string, at *[maxFields]int64, sources int) (segment, error) {
	n := 0
	for text != "" {
		delta, rest, ok := decodeVLQ(text)
		if !ok || n == maxFields {
			return segment{}, errMapping
		}
		at[n] += delta
		if at[n] < 0 || at[n] > math.MaxInt32 {
			return segment{}, errMapping
		}
		n, text = n+1, rest
	}
	switch {
	case n == 1:
		return segment{generated: int32(at[0]), source: -1}, nil
	case n < 4:
		return segment{}, errMapping
	case at[1] >= int64(sources):
		return segment{}, fmt.Errorf("source %d of %d: %w", at[1], sources, errMapping)
	}
	return segment{int32(at[0]), int32(at[1]), int32(at[2]), int32(at[3])}, nil
}

// base64 holds the value of each digit plus one, so that zero means none.
var base64 = func() (table [256]byte) {
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		table[c] = byte(i) + 1
	}
	return table
}()

// decodeVLQ reads one number: five bits to the digit, the lowest first, the
// sixth bit says that more follow; the lowest bit of all is the sign.
func decodeVLQ(s string) (n int64, rest string, ok bool) {
	const maxDigits = 7 // 35 bits: any 32-bit number and its sign
	for i := 0; i < len(s) && i < maxDigits; i++ {
		digit := int64(base64[s[i]]) - 1
		if digit < 0 {
			return 0, "", false
		}
		n |= (digit & 31) << (5 * i)
		if digit&32 == 0 {
			if n&1 != 0 {
				return -(n >> 1), s[i+1:], true
			}
			return n >> 1, s[i+1:], true
		}
	}
	return 0, "", false
}
