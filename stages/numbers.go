package stages

import (
	"fmt"
	"math"
	"strconv"

	"cellvi/io/counts"
)

// numberCheck holds an annotation to numbers that a model can take: finite as float32,
// and above 0 where they are size factors.
type numberCheck struct {
	key      string
	positive bool
	n        int64 // values that are not
	at       int   // the first of them
	found    string
	first    string // name of its cell
}

// checkNumeric refuses an annotation that does not hold numbers.
func checkNumeric(file string, c *counts.Column) error {
	if c.Kind == counts.Float || c.Kind == counts.Int || c.Kind == counts.Bool {
		return nil
	}
	return &counts.InputError{File: file, Place: "obs column " + counts.Printable(c.Name), Found: "it holds " + c.Kind.String() + ", not numbers",
		Advice: "name it with --categorical-covariate-keys, or give it numbers"}
}

// take appends the values of a numeric column to to, and counts those that no model
// can take; before is how many cells came before.
func (m *numberCheck) take(to []float32, c *counts.Column, before int) []float32 {
	for i := range c.Len() {
		v := valueAt(c, i)
		x := float32(v)
		if x-x != 0 || m.positive && !(x > 0) {
			if m.n++; m.n == 1 {
				m.at, m.found = before+i, strconv.FormatFloat(v, 'g', -1, 64)
				switch {
				case c.IsMissing(i):
					m.found = "no value"
				case v-v == 0 && (x-x != 0 || v > 0): // as the model's float32 it is infinite, or 0
					m.found += ", which is beyond 32-bit floating point"
				}
			}
		}
		to = append(to, x)
	}
	return to
}

// valueAt is row i of a numeric column, NaN where it is missing.
func valueAt(c *counts.Column, i int) float64 {
	switch {
	case c.IsMissing(i):
		return math.NaN()
	case c.Kind == counts.Float:
		return c.Floats[i]
	case c.Kind == counts.Int:
		return float64(c.Ints[i])
	case c.Bools[i]:
		return 1
	}
	return 0
}

// add takes in the cells of obs, for their check alone.
func (m *numberCheck) add(obs *counts.Frame) {
	before := m.n
	m.take(nil, obs.Column(m.key), 0)
	if before == 0 && m.n > 0 {
		m.first = obs.Names[m.at]
	}
}

// err names the number and the first.
func (m *numberCheck) err(file string) error {
	if m.n == 0 {
		return nil
	}
	wanted, advice := "a finite number", "give every cell one, or leave these cells out with --keep"
	if m.positive {
		wanted = "a finite number above 0"
	}
	return &counts.InputError{File: file, Place: "obs column " + counts.Printable(m.key),
		Found:  fmt.Sprintf("%s not %s, the first %s with %s", plural(m.n, "cell has", "cells have"), wanted, counts.Printable(m.first), m.found),
		Advice: advice}
}

// numeric is a numeric annotation of cells.
type numeric struct {
	numberCheck
	of []float32 // one a cell
}

// keep gives the values of the given cells.
func (n *numeric) keep(rows []int32) []float32 {
	kept := make([]float32, len(rows))
	for i, r := range rows {
		kept[i] = n.of[r]
	}
	return kept
}

// extent is the least and the largest value of the given cells, of which there are some.
func (n *numeric) extent(rows []int32) (least, most float32) {
	least, most = n.of[rows[0]], n.of[rows[0]]
	for _, r := range rows {
		least, most = min(least, n.of[r]), max(most, n.of[r])
	}
	return least, most
}
