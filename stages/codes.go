package stages

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"cellvi/io/counts"
)

// codes are an annotation's values as numbers into its levels.
type codes struct {
	key    string   // the annotation; "": none, all cells are of one level
	levels []string // never empty
	of     []int32  // one a cell; nil where there is no annotation
	kind   string   // of the levels, where they are no text: integer, float or boolean
}

// at is the code of cell i.
func (c *codes) at(i int) int32 {
	if c.of == nil {
		return 0
	}
	return c.of[i]
}

// coder codes the annotation key of cells as pandas' category does: a categorical
// keeps its levels and their order, those of other kinds are sorted, text bytewise
// and numbers by value. Cells are added piece by piece; 4 bytes a cell are kept.
type coder struct {
	codes
	values  counts.Kind
	missing int64
	first   int // the first cell without a value
	texts   distinct[string]
	ints    distinct[int64]
	floats  distinct[float64]
}

// newCoder begins to code the annotation that header describes, of so many cells.
func newCoder(header *counts.Column, cells int) *coder {
	c := &coder{values: header.Kind}
	c.key, c.levels, c.of = header.Name, header.Levels, make([]int32, 0, cells)
	return c
}

// add takes in the next cells.
func (c *coder) add(column *counts.Column) {
	for i := range column.Len() {
		if column.IsMissing(i) {
			if c.missing++; c.missing == 1 {
				c.first = len(c.of) + i
			}
		}
	}
	switch column.Kind {
	case counts.Categorical:
		c.of = append(c.of, column.Codes...)
	case counts.String:
		c.of = c.texts.add(c.of, column.Strings)
	case counts.Int:
		c.of = c.ints.add(c.of, column.Ints)
	case counts.Float:
		c.of = c.floats.add(c.of, column.Floats)
	case counts.Bool:
		c.of = c.ints.add(c.of, numbersOf(column.Bools))
	}
}

// settle gives the codes, once all cells were added and none lacks a value. Levels
// that no cell has stay, as in scvi-tools, unless drop says so: where cells were left
// out, as anndata does for a subset.
func (c *coder) settle(drop bool) *codes {
	c.kind = map[counts.Kind]string{counts.Int: "integer", counts.Float: "float", counts.Bool: "boolean"}[c.values]
	switch c.values {
	case counts.Categorical:
		if drop {
			c.dropUnused()
		}
	case counts.String:
		c.levels = c.texts.settle(c.of, func(s string) string { return s })
	case counts.Int:
		c.levels = c.ints.settle(c.of, func(v int64) string { return strconv.FormatInt(v, 10) })
	case counts.Float:
		c.levels = c.floats.settle(c.of, counts.PythonFloat)
	case counts.Bool:
		c.levels = c.ints.settle(c.of, func(v int64) string { return [...]string{"False", "True"}[v] })
	}
	return &c.codes
}

// dropUnused leaves out the levels that no cell has.
func (c *coder) dropUnused() {
	used := make([]bool, len(c.levels))
	for _, code := range c.of {
		used[code] = true
	}
	place, levels := make([]int32, len(used)), []string{}
	for i, u := range used {
		if u {
			place[i] = int32(len(levels))
			levels = append(levels, c.levels[i])
		}
	}
	for i, code := range c.of {
		c.of[i] = place[code]
	}
	c.levels = levels
}

// distinct numbers values as they are first met.
type distinct[T cmp.Ordered] struct {
	place map[T]int32
	met   []T
}

// add appends the numbers of values.
func (d *distinct[T]) add(of []int32, values []T) []int32 {
	if d.place == nil {
		d.place = map[T]int32{}
	}
	for _, v := range values {
		at, known := d.place[v]
		if !known {
			at = int32(len(d.met))
			d.place[v], d.met = at, append(d.met, v)
		}
		of = append(of, at)
	}
	return of
}

// settle numbers the values anew in ascending order, and gives them as text.
func (d *distinct[T]) settle(of []int32, text func(T) string) (levels []string) {
	sorted := slices.Sorted(slices.Values(d.met))
	rank := make([]int32, len(sorted))
	for i, v := range sorted {
		rank[d.place[v]] = int32(i)
		levels = append(levels, text(v))
	}
	for i, at := range of {
		of[i] = rank[at]
	}
	return levels
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

// keep gives the codes of the given cells.
func (c *codes) keep(rows []int32) []int32 {
	kept := make([]int32, len(rows))
	for i, r := range rows {
		kept[i] = c.at(int(r))
	}
	return kept
}

// sizes are the cells of each level among rows.
func (c *codes) sizes(rows []int32) []int {
	n := make([]int, len(c.levels))
	for _, r := range rows {
		n[c.at(int(r))]++
	}
	return n
}

// describe lists the levels with their numbers of cells, for the log:
// s1 (1,200 cells), s2 (858).
func (c *codes) describe(sizes []int) string {
	var parts []string
	for i, level := range c.levels {
		text := counts.Thousands(int64(sizes[i]))
		if i == 0 {
			text = plural(int64(sizes[i]), "cell", "cells")
		}
		parts = append(parts, fmt.Sprintf("%s (%s)", counts.Printable(level), text))
	}
	return some(parts, 12)
}

// smallLevels lists the levels that have some cells, but fewer than three: scVI warns
// of them too.
func smallLevels(levels []string, cells func(i int) int64) []string {
	var names []string
	for i, level := range levels {
		if n := cells(i); n > 0 && n < 3 {
			names = append(names, counts.Printable(level))
		}
	}
	return names
}

// tooFew is what is said of small levels.
func tooFew(small []string) string {
	return fmt.Sprintf("%s with fewer than 3 cells: %s: a model cannot learn from so few", plural(int64(len(small)), "level", "levels"), some(small, 10))
}
