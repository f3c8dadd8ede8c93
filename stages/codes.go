package stages

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"cellvi/io/counts"
)

// codes are an annotation's values as numbers into its levels.
type codes struct {
	key    string   // the annotation; "": none, all cells are of one level
	levels []string // never empty
	of     []int32  // one a cell
}

// codesOf codes the annotation key of all cells as pandas' category does: a
// categorical keeps its levels and their order, those of other kinds are sorted,
// text bytewise and numbers by value. A cell without a value is an error.
func codesOf(file, key string, obs *counts.Frame) (*codes, error) {
	if key == "" {
		return &codes{levels: []string{"0"}, of: make([]int32, obs.Len())}, nil
	}
	column := obs.Column(key)
	if column == nil {
		return nil, noColumn(file, key, obs)
	}
	missing := &missingCheck{key: key}
	missing.add(obs)
	if err := missing.err(file); err != nil {
		return nil, err
	}
	c := &codes{key: key}
	switch column.Kind {
	case counts.Categorical:
		c.levels, c.of = column.Levels, column.Codes
	case counts.String:
		c.levels, c.of = sorted(column.Strings, func(s string) string { return s })
	case counts.Int:
		c.levels, c.of = sorted(column.Ints, func(v int64) string { return strconv.FormatInt(v, 10) })
	case counts.Float:
		c.levels, c.of = sorted(column.Floats, pythonFloat)
	case counts.Bool:
		c.levels, c.of = sorted(numbersOf(column.Bools), func(v int64) string { return [...]string{"False", "True"}[v] })
	}
	return c, nil
}

// sorted gives the distinct values in ascending order, as text, and each value's
// place among them.
func sorted[T string | int64 | float64](values []T, text func(T) string) ([]string, []int32) {
	distinct := map[T]int32{}
	for _, v := range values {
		distinct[v] = 0
	}
	order := make([]T, 0, len(distinct))
	for v := range distinct {
		order = append(order, v)
	}
	slices.Sort(order)
	levels := make([]string, len(order))
	for i, v := range order {
		distinct[v], levels[i] = int32(i), text(v)
	}
	of := make([]int32, len(values))
	for i, v := range values {
		of[i] = distinct[v]
	}
	return levels, of
}

func numbersOf(bools []bool) []int64 {
	n := make([]int64, len(bools))
	for i, b := range bools {
		if b {
			n[i] = 1
		}
	}
	return n
}

// pythonFloat writes a number as str(float) does where it is not huge or tiny:
// 1.0, not 1.
func pythonFloat(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e16 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// keep leaves only the given cells, with all levels.
func (c *codes) keep(rows []int64) []int32 {
	kept := make([]int32, len(rows))
	for i, r := range rows {
		kept[i] = c.of[r]
	}
	return kept
}

// describe lists the levels with their numbers of cells, for the log:
// s1 (1,200 cells), s2 (858).
func (c *codes) describe(of []int32) string {
	n := make([]int, len(c.levels))
	for _, code := range of {
		n[code]++
	}
	var parts []string
	for i, level := range c.levels {
		text := counts.Thousands(int64(n[i]))
		if i == 0 {
			text = plural(int64(n[i]), "cell", "cells")
		}
		parts = append(parts, fmt.Sprintf("%s (%s)", counts.Printable(level), text))
	}
	return some(parts, 12)
}

// small lists the levels that have some cells, but fewer than three: scVI warns
// of them too.
func (c *codes) small(of []int32) []string {
	n := make([]int, len(c.levels))
	for _, code := range of {
		n[code]++
	}
	var names []string
	for i, level := range c.levels {
		if n[i] > 0 && n[i] < 3 {
			names = append(names, counts.Printable(level))
		}
	}
	return names
}
