package h5ad

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// openLevels reads the levels of a categorical, whose codes are open already.
func (c *column) openLevels(g *hdf5.Group, name string) (why string, err error) {
	if t := c.values.Type(); t.Class != hdf5.Integer {
		return fmt.Sprintf("has codes that are %s values", t), nil
	}
	levels, on, why, err := readLevels(g, name)
	if err != nil || why != "" {
		return why, err
	}
	c.meta.Ordered = c.meta.Ordered || on
	c.setLevels(levels)
	return "", nil
}

func (c *column) setLevels(levels []string) {
	c.meta.Kind, c.meta.Levels, c.plain = counts.Categorical, levels, nil
}

// readLevels reads levels of any kind, which become text as Python prints them:
// an array, or a scalar where there is one. why says what cannot be levels.
func readLevels(g *hdf5.Group, name string) (levels []string, on bool, why string, err error) {
	if levels, err := scalarLevel(g, name); err != nil || levels != nil {
		return levels, false, "", err
	}
	c, why, err := openColumn(g, name)
	if err != nil || why != "" {
		return nil, false, "has categories that cannot be read: " + name + " " + why, err
	}
	defer c.close()
	if err := c.values.Plausible(); err != nil {
		return nil, false, "", err
	}
	var read counts.Column
	if err := c.read(0, c.values.Len(), &read); err != nil {
		return nil, false, "", err
	}
	if slices.Contains(read.Missing, true) {
		return nil, false, "", hdf5.Fault(c.values, "has a missing category", "")
	}
	if d, ok := c.values.(*hdf5.Dataset); ok {
		if on, err = ordered(d); err != nil {
			return nil, false, "", err
		}
	}
	if levels, err = c.labels(0, &read); err != nil {
		return nil, false, "", err
	}
	return levels, on, "", distinct(c.values, levels)
}

// scalarLevel reads a single level written as a scalar, as anndata before 0.7
// did; nil where the member is no scalar.
func scalarLevel(g *hdf5.Group, name string) ([]string, error) {
	if kind, err := g.Kind(name); err != nil || kind != hdf5.IsDataset {
		return nil, err
	}
	d, err := g.OpenDataset(name)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	if d.Null() || len(d.Shape()) != 0 {
		return nil, nil
	}
	switch d.Type().Class {
	case hdf5.Text:
		return hdf5.ReadUTF8(d, 0, 1)
	case hdf5.Integer:
		if d.Type().Unsigned64() {
			var v [1]uint64
			err := hdf5.Read(d, v[:], nil, nil)
			return []string{strconv.FormatUint(v[0], 10)}, err
		}
		var v [1]int64
		err := hdf5.Read(d, v[:], nil, nil)
		return []string{strconv.FormatInt(v[0], 10)}, err
	}
	return nil, nil
}

// ordered reads the attribute that marks an ordered categorical: on the group,
// in anndata 0.7 on the levels. One that is neither number nor boolean says nothing.
func ordered(o interface {
	HasAttr(string) (bool, error)
	AttrInts(string) ([]int64, error)
}) (bool, error) {
	has, err := o.HasAttr("ordered")
	if err != nil || !has {
		return false, err
	}
	v, err := o.AttrInts("ordered")
	var fault *counts.InputError
	if errors.As(err, &fault) {
		return false, nil
	}
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
		return mapped(c.Floats, counts.PythonFloat)
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
