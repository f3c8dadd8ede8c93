package annotations

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cellvi/io/counts"
)

// absent are the texts that pandas reads as missing.
var absent = []string{"", "NA", "NaN", "nan", "N/A", "n/a", "NULL", "null", "None", "<NA>", "#N/A", "#NA", "#N/A N/A", "-NaN", "-nan",
	"1.#IND", "1.#QNAN", "-1.#IND", "-1.#QNAN"}

// column is a column as it is read: its distinct values, and a code for each row,
// -1 where missing.
type column struct {
	codes  []int32
	values []string
	code   map[string]int32
}

// valueBytes is what a value takes at most, beside its text, with what it becomes.
const valueBytes = 21

// add takes in the value of a row, and says how many bytes it took; false where it
// is not UTF-8.
func (c *column) add(value string) (grown int64, ok bool) {
	code, known := c.code[value]
	if !known {
		if !utf8.ValidString(value) {
			return 0, false
		}
		value = strings.Clone(value)
		code = -1
		if !slices.Contains(absent, value) {
			code = int32(len(c.values))
			c.values = append(c.values, value)
		}
		c.code[value] = code
		grown = int64(len(value)) + nameBytes
	}
	c.codes = append(c.codes, code)
	return grown + valueBytes, true
}

// convert makes the column of the kind that all its values have.
func (c *column) convert(name string) counts.Column {
	out := counts.Column{Name: name, Kind: c.kind()}
	missing := slices.Contains(c.codes, -1)
	if missing && out.Kind != counts.Float {
		out.Missing = make([]bool, len(c.codes))
	}
	switch out.Kind {
	case counts.Int:
		out.Ints = spread(c.codes, parsed(c.values, func(s string) int64 { v, _ := strconv.ParseInt(s, 10, 64); return v }), 0, out.Missing)
	case counts.Float:
		out.Floats = spread(c.codes, parsed(c.values, func(s string) float64 { v, _ := float(s); return v }), math.NaN(), out.Missing)
	case counts.Bool:
		out.Bools = spread(c.codes, parsed(c.values, func(s string) bool { v, _ := boolean(s); return v }), false, out.Missing)
	default:
		out.Strings = spread(c.codes, c.values, "", out.Missing)
	}
	return out
}

func parsed[T any](values []string, parse func(string) T) []T {
	out := make([]T, len(values))
	for i, s := range values {
		out[i] = parse(s)
	}
	return out
}

// spread gives each row its value; absent where it has none, which it marks.
func spread[T any](codes []int32, values []T, absent T, missing []bool) []T {
	out := make([]T, len(codes))
	for i, code := range codes {
		if code >= 0 {
			out[i] = values[code]
			continue
		}
		out[i] = absent
		if missing != nil {
			missing[i] = true
		}
	}
	return out
}

// kind is the narrowest kind of all values; of none it is Float, as in pandas.
func (c *column) kind() counts.Kind {
	all := func(is func(string) bool) bool {
		return !slices.ContainsFunc(c.values, func(s string) bool { return !is(s) })
	}
	switch {
	case len(c.values) == 0:
		return counts.Float
	case all(func(s string) bool { _, err := strconv.ParseInt(s, 10, 64); return err == nil && !padded(s) }):
		return counts.Int
	case all(whole): // identifiers: above 63 bits floats would change them
		return counts.String
	case all(func(s string) bool { _, ok := float(s); return ok }):
		return counts.Float
	case all(func(s string) bool { _, ok := boolean(s); return ok }):
		return counts.Bool
	}
	return counts.String
}

// whole tells digits alone.
func whole(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// padded tells numbers with zeros in front, which are names: donors 007, 07 and 7
// are three.
func padded(s string) bool { return len(s) > 1 && s[0] == '0' && whole(s) }

// float reads a number as Python writes it.
func float(s string) (float64, bool) {
	if strings.ContainsAny(s, "xXpP_") {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

func boolean(s string) (value, ok bool) {
	switch s {
	case "True", "TRUE", "true":
		return true, true
	case "False", "FALSE", "false":
		return false, true
	}
	return false, false
}
