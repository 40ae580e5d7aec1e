package tail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Limits of Node's util.inspect, which people know from console.log.
const (
	maxDepth     = 2     // nesting that is shown
	maxElements  = 100   // of an array
	maxString    = 10000 // UTF-16 units of a string
	breakLength  = 80    // columns
	compactDepth = 3     // inner levels that may share a line
	minSplit     = 16    // shorter strings are never broken at their newlines
)

// inspect prints a JSON value as Node's util.inspect prints the value that
// JSON.parse makes of it.
func inspect(raw json.RawMessage) string {
	return new(inspector).value(raw, 0)
}

// inspector is one run of inspect.
type inspector struct {
	indent  int
	current int // depth of the object or array that was entered last
}

// property is one entry of an object; arrays have no keys.
type property struct {
	key   string
	value json.RawMessage
}

func (in *inspector) value(raw json.RawMessage, depth int) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return "undefined"
	}
	switch raw[0] {
	case '{':
		return in.object(raw, depth)
	case '[':
		return in.array(raw, depth)
	case '"':
		return in.string(text(raw))
	case 't', 'f', 'n':
		return string(raw)
	default:
		return formatNumber(string(raw))
	}
}

func (in *inspector) object(raw json.RawMessage, depth int) string {
	properties := propertiesOf(raw)
	switch {
	case len(properties) == 0:
		return "{}"
	case depth > maxDepth:
		return "[Object]"
	}
	in.current = depth
	output := make([]string, 0, len(properties))
	for _, p := range properties {
		output = append(output, propertyName(p.key)+": "+in.child(p.value, depth))
	}
	return in.join(output, len(output), "{", "}", depth)
}

func (in *inspector) array(raw json.RawMessage, depth int) string {
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil {
		return string(raw)
	}
	switch {
	case len(elements) == 0:
		return "[]"
	case depth > maxDepth:
		return "[Array]"
	}
	in.current = depth
	shown := elements[:min(len(elements), maxElements)]
	output := make([]string, 0, len(shown)+1)
	for _, element := range shown {
		output = append(output, in.child(element, depth))
	}
	if rest := len(elements) - len(shown); rest > 0 {
		output = append(output, fmt.Sprintf("... %d more item%s", rest, plural(rest)))
	}
	entries := len(output)
	if entries > 6 {
		// As in Node, the first element that is not shown counts too.
		output = in.group(output, len(shown), allNumbers(elements[:entries]))
	}
	return in.join(output, entries, "[", "]", depth)
}

func (in *inspector) child(raw json.RawMessage, depth int) string {
	in.indent += 2
	defer func() { in.indent -= 2 }()
	return in.value(raw, depth+1)
}

// join puts the entries on one line if they fit and are not nested too deeply,
// else each on its own. entries is how many there were before grouping: grouped
// ones are rows already.
func (in *inspector) join(output []string, entries int, open, end string, depth int) string {
	if in.current-depth < compactDepth && entries == len(output) {
		// The start is Node's: it leaves room for what stands around the value.
		length := len(output) + (len(output) + in.indent + len(open) + 10)
		for _, s := range output {
			length += units(s)
		}
		line := strings.Join(output, ", ")
		if length <= breakLength && !strings.Contains(line, "\n") {
			return open + " " + line + " " + end
		}
	}
	indentation := "\n" + strings.Repeat(" ", in.indent)
	return open + indentation + "  " + strings.Join(output, ","+indentation+"  ") + indentation + end
}

// group lines the elements of a long array up in columns. shown leaves out the
// entry that tells how many more there are. Everything about the numbers of
// rows and columns is Node's.
func (in *inspector) group(output []string, shown int, numbers bool) []string {
	const separator = 2 // ", "
	total, longest := 0, 0
	lengths := make([]int, shown)
	for i := range lengths {
		lengths[i] = displayWidth(output[i])
		total += lengths[i] + separator
		longest = max(longest, lengths[i])
	}
	widest := longest + separator
	// Elements of very different lengths would leave large gaps.
	if widest*3+in.indent >= breakLength || float64(total)/float64(widest) <= 5 && longest > 6 {
		return output
	}
	bias := math.Sqrt(float64(widest) - float64(total)/float64(len(output)))
	biased := math.Max(float64(widest)-3-bias, 1)
	columns := min(
		int(math.Floor(math.Sqrt(2.5*biased*float64(shown))/biased+0.5)), // a character is 2.5 times as high as wide
		(breakLength-in.indent)/widest,
		compactDepth*4,
		15,
	)
	if columns <= 1 {
		return output
	}
	widths := make([]int, columns)
	for i, length := range lengths {
		widths[i%columns] = max(widths[i%columns], length+separator)
	}
	var rows []string
	for start := 0; start < shown; start += columns {
		rows = append(rows, row(output, lengths, widths, start, min(start+columns, shown), numbers))
	}
	return append(rows, output[shown:]...)
}

// row joins the elements from start to end. Numbers are flush right, other
// elements flush left, where the last one needs no padding.
func row(output []string, lengths, widths []int, start, end int, numbers bool) string {
	var b strings.Builder
	for i := start; i < end; i++ {
		width, last := widths[i-start], i == end-1
		padding := strings.Repeat(" ", width-2-lengths[i])
		switch {
		case numbers:
			b.WriteString(padding + output[i])
		default:
			b.WriteString(output[i])
		}
		if !last {
			b.WriteString(", ")
			if !numbers {
				b.WriteString(padding)
			}
		}
	}
	return b.String()
}

// string quotes a string; a long one is broken after its newlines.
func (in *inspector) string(s string) string {
	trailer := ""
	if encoded := utf16.Encode([]rune(s)); len(encoded) > maxString {
		rest := len(encoded) - maxString
		s = string(utf16.Decode(encoded[:maxString]))
		trailer = fmt.Sprintf("... %d more character%s", rest, plural(rest))
	}
	if length := units(s); length <= minSplit || length <= breakLength-in.indent-4 {
		return quoteString(s) + trailer
	}
	var lines []string
	for line := range strings.Lines(s) {
		lines = append(lines, quoteString(line))
	}
	return strings.Join(lines, " +\n"+strings.Repeat(" ", in.indent+2)) + trailer
}

// propertiesOf returns the entries of a JSON object in their order.
func propertiesOf(raw json.RawMessage) []property {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return nil
	}
	var list []property
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return list
		}
		var p property
		p.key, _ = key.(string)
		if dec.Decode(&p.value) != nil {
			return list
		}
		list = append(list, p)
	}
	return list
}

func allNumbers(list []json.RawMessage) bool {
	for _, raw := range list {
		if len(raw) == 0 || raw[0] != '-' && !isDigit(rune(raw[0])) {
			return false
		}
	}
	return true
}

// formatNumber writes a JSON number as JavaScript writes it.
func formatNumber(raw string) string {
	f, err := strconv.ParseFloat(raw, 64)
	switch abs := math.Abs(f); {
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case err != nil:
		return raw
	case abs != 0 && (abs >= 1e21 || abs < 1e-6):
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
		return mantissa + "e" + exponent[:1] + strings.TrimLeft(exponent[1:], "0")
	default:
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
