package counts

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// MaxCount is the largest count that a store holds exactly: 2³²−1.
const MaxCount = math.MaxUint32

// Offence is what Check found of one kind.
type Offence struct {
	N          int64   // how many values
	Value      float64 // the first of them
	Cell, Gene string  // and where it stands
}

// Check looks through Tables for values that are no counts. The zero Check is
// ready; Add every Table of an input, then ask Err.
type Check struct {
	Values    int64 // nonzero values seen
	NotFinite Offence
	Negative  Offence
	Fraction  Offence // not whole, but finite and positive
	TooLarge  Offence // whole, above MaxCount

	max float64
}

// Add takes in the values of t; genes are those of its Reader.
func (c *Check) Add(t *Table, genes *Frame) {
	c.Values += int64(len(t.Values))
	row, largest := 0, uint32(0)
	for k, v := range t.Values {
		if u := uint32(v); float64(u) == v { // a count: all but the offenders
			largest = max(largest, u)
			continue
		}
		for t.Indptr[row+1] <= int64(k) {
			row++
		}
		c.note(v, t.Obs.Names[row], genes.Names[t.Genes[k]])
	}
	c.max = max(c.max, float64(largest))
}

func (c *Check) note(v float64, cell, gene string) {
	kind := &c.TooLarge
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		kind = &c.NotFinite
	case v < 0:
		kind = &c.Negative
	case v != math.Trunc(v):
		kind = &c.Fraction
	default:
		c.max = max(c.max, v)
	}
	if kind.N == 0 {
		kind.Value, kind.Cell, kind.Gene = v, cell, gene
	}
	kind.N++
}

// Max is the largest whole number seen; with Fraction.N it tells the width in
// which the counts can be stored.
func (c *Check) Max() float64 { return c.max }

// Taken is what Err lets pass with allowNonInteger: fractions and large numbers,
// with the first of them (of the fractions, where there are both).
func (c *Check) Taken() Offence {
	taken := c.Fraction
	if taken.N == 0 {
		taken = c.TooLarge
	}
	taken.N = c.Fraction.N + c.TooLarge.N
	return taken
}

// Err is nil where every value is a count, else one *InputError that names each
// kind of offender with its number and its first. allowNonInteger lets
// fractions and large numbers pass, never negative or non-finite values.
func (c *Check) Err(file, place string, allowNonInteger bool) error {
	faults := c.Faults(allowNonInteger)
	if len(faults) == 0 {
		return nil
	}
	advice := "these are not raw counts: name the layer that holds them with --layer"
	if c.NotFinite.N == 0 && c.Negative.N == 0 {
		advice += ", or pass --allow-non-integer"
	}
	return &InputError{File: file, Place: place, Found: strings.Join(faults, "; "), Advice: advice}
}

// Offenders is how many values are no counts, of any kind.
func (c *Check) Offenders() int64 {
	return c.NotFinite.N + c.Negative.N + c.Fraction.N + c.TooLarge.N
}

// Nature says in two words what the values are instead of counts.
func (c *Check) Nature() string {
	switch {
	case c.Negative.N > 0:
		return "scaled values"
	case c.NotFinite.N > 0:
		return "values that are not finite"
	case c.Fraction.N > 0:
		return "normalized values"
	}
	return "values too large for counts"
}

// Faults says each kind of offender with its number and its first, a sentence each;
// see Err.
func (c *Check) Faults(allowNonInteger bool) []string {
	var faults []string
	say := func(o Offence, one, many string) {
		if o.N == 0 {
			return
		}
		what := many
		if o.N == 1 {
			what = one
		}
		faults = append(faults, fmt.Sprintf("%s of %s values %s, the first %s at cell %s, gene %s",
			Thousands(o.N), Thousands(c.Values), what, FormatValue(o.Value), Printable(o.Cell), Printable(o.Gene)))
	}
	say(c.NotFinite, "is not finite", "are not finite")
	say(c.Negative, "is negative", "are negative")
	if !allowNonInteger {
		say(c.Fraction, "is not a whole number", "are not whole numbers")
		say(c.TooLarge, "is above 4,294,967,295", "are above 4,294,967,295")
	}
	return faults
}

// FormatValue writes a value for a message: six digits, enough to recognize a value by.
func FormatValue(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// Thousands writes n ≥ 0 with commas: 1,234,567.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
