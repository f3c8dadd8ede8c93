package h5ad

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// openLevels reads the levels of a categorical, whose codes are open already.
// The levels may be of any kind; they become text as Python prints them.
func (c *column) openLevels(g *hdf5.Group, name string) error {
	c.meta.Kind = counts.Categorical
	if t := c.values.Type(); t.Class != hdf5.Integer {
		return hdf5.Fault(c.values, fmt.Sprintf("holds %s values, whole numbers expected as codes", t), hdf5.Damaged)
	}
	levels, why, err := openColumn(g, name)
	if err != nil {
		return err
	}
	if why != "" {
		return hdf5.Fault(c.values, "has categories that cannot be read: "+name+" "+why, "")
	}
	defer levels.close()
	if err := levels.values.Plausible(); err != nil {
		return err
	}
	var read counts.Column
	if err := levels.read(0, levels.values.Len(), &read); err != nil {
		return err
	}
	if slices.Contains(read.Missing, true) {
		return hdf5.Fault(levels.values, "has a missing category", "")
	}
	c.meta.Levels = labels(&read)
	on, err := ordered(levels.values)
	if err != nil {
		return err
	}
	c.meta.Ordered = c.meta.Ordered || on
	return distinct(levels.values, c.meta.Levels)
}

// ordered reads the attribute that marks an ordered categorical: on the group,
// in anndata 0.7 on the levels.
func ordered(o interface {
	HasAttr(string) (bool, error)
	AttrInts(string) ([]int64, error)
}) (bool, error) {
	has, err := o.HasAttr("ordered")
	if err != nil || !has {
		return false, err
	}
	v, err := o.AttrInts("ordered")
	return len(v) == 1 && v[0] != 0, err
}

func distinct(at hdf5.Placed, levels []string) error {
	seen := make(map[string]bool, len(levels))
	for _, l := range levels {
		if seen[l] {
			return hdf5.Fault(at, fmt.Sprintf("has the category %q twice", l), hdf5.Damaged)
		}
		seen[l] = true
	}
	return nil
}

// labels gives the values of a column as text, as Python prints them.
func labels(c *counts.Column) []string {
	switch c.Kind {
	case counts.String:
		return c.Strings
	case counts.Int:
		return mapped(c.Ints, func(v int64) string { return strconv.FormatInt(v, 10) })
	case counts.Float:
		return mapped(c.Floats, pythonFloat)
	case counts.Bool:
		return mapped(c.Bools, func(v bool) string { return map[bool]string{true: "True", false: "False"}[v] })
	}
	return mapped(c.Codes, func(v int32) string {
		if v < 0 {
			return "nan"
		}
		return c.Levels[v]
	})
}

func mapped[T any](v []T, text func(T) string) []string {
	out := make([]string, len(v))
	for i := range v {
		out[i] = text(v[i])
	}
	return out
}

// pythonFloat is Python's repr: the shortest digits that read back, exponents
// below 1e-4 and from 1e16 on, ".0" behind whole numbers.
func pythonFloat(v float64) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(v, 'f', -1, 64)), "+")
	}
	if a := math.Abs(v); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
