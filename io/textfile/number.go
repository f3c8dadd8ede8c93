package textfile

import (
	"bytes"
	"math"
	"strconv"
)

// powers are those of ten that float64 holds exactly.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// Number reads a decimal number, such as 12, 1.50, -2 or 1e3, or what strconv takes
// for not a number or infinite. It is the float64 nearest to the text; ±Inf where
// the text is beyond the largest.
func Number(text []byte) (v float64, ok bool) {
	if len(text) > 15 {
		return parse(text)
	}
	// Up to 15 digits and a power of ten up to 15 are exact in float64, and so one
	// division rounds as it must (Clinger 1990).
	whole, digits, point := uint64(0), 0, -1
	for i, c := range text {
		switch d := c - '0'; {
		case d <= 9:
			whole = whole*10 + uint64(d)
			digits++
		case c == '.' && point < 0:
			point = i
		default:
			return parse(text)
		}
	}
	switch {
	case digits == 0:
		return 0, false
	case point < 0:
		return float64(whole), true
	}
	return float64(whole) / powers[len(text)-1-point], true
}

// parse is strconv's reading of decimal text alone.
func parse(text []byte) (float64, bool) {
	if bytes.ContainsAny(text, "xXpP_") {
		return 0, false
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil && !math.IsInf(v, 0) { // beyond the range strconv gives infinity
		return 0, false
	}
	return v, true
}
