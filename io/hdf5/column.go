package hdf5

import (
	"fmt"
	"unicode/utf8"

	"cellvi/io/counts"
)

// Column is a dataset of one axis as an annotation of cells or genes: text,
// numbers or booleans.
type Column struct {
	d    *Dataset
	kind counts.Kind
	name string
}

// OpenColumn opens a member of g as a column. Where it is of a sort that has no place
// in a table, it comes back nil, with the reason.
func OpenColumn(g *Group, name string) (c *Column, why string, err error) {
	kind, err := g.Kind(name)
	if err != nil {
		return nil, "", err
	}
	if kind != IsDataset {
		return nil, "is a group", nil
	}
	d, err := g.OpenDataset(name)
	if err != nil {
		return nil, "", err
	}
	c = &Column{d: d, name: name}
	if why, err = c.check(); why != "" || err != nil {
		d.Close()
		return nil, why, err
	}
	return c, "", nil
}

func (c *Column) check() (why string, err error) {
	if n := len(c.d.Shape()); n != 1 {
		return fmt.Sprintf("has %d axes", n), nil
	}
	kinds := map[Class]counts.Kind{Text: counts.String, Integer: counts.Int, Float: counts.Float, Bool: counts.Bool}
	kind, ok := kinds[c.d.Type().Class]
	if !ok {
		return fmt.Sprintf("holds %s values", c.d.Type()), nil
	}
	c.kind = kind
	if err := c.d.Plausible(); err != nil {
		return "", err
	}
	return "", c.d.KeepOneChunk()
}

// Dataset is where the values are.
func (c *Column) Dataset() *Dataset { return c.d }

// Len is the number of rows.
func (c *Column) Len() int64 { return c.d.Len() }

// Header is the column without rows.
func (c *Column) Header() counts.Column { return counts.Column{Name: c.name, Kind: c.kind} }

// Close closes the dataset.
func (c *Column) Close() error { return c.d.Close() }

// Read fills out with n rows from first on, reusing its slices. Unsigned 64-bit
// numbers above the largest int64 come as that. Text that is not UTF-8 is an
// InputError.
func (c *Column) Read(first, n int64, out *counts.Column) (err error) {
	out.Name, out.Kind, out.Missing = c.name, c.kind, nil
	switch c.kind {
	case counts.String:
		out.Strings, err = c.texts(first, n)
	case counts.Int:
		out.Ints = roomFor(out.Ints, n)
		err = ReadRange(c.d, out.Ints, first)
	case counts.Float:
		out.Floats = roomFor(out.Floats, n)
		err = ReadRange(c.d, out.Floats, first)
	default:
		err = c.bools(first, n, out)
	}
	return err
}

// Labels gives n rows from first on as text, numbers in decimal: names.
func (c *Column) Labels(first, n int64) ([]string, error) {
	var read counts.Column
	if err := c.Read(first, n, &read); err != nil || c.kind == counts.String {
		return read.Strings, err
	}
	labels := make([]string, n)
	for i := range labels {
		labels[i] = read.Text(i)
	}
	return labels, nil
}

func (c *Column) texts(first, n int64) ([]string, error) {
	v, err := c.d.ReadTexts(first, n)
	if err != nil {
		return nil, err
	}
	for i, s := range v {
		if !utf8.ValidString(s) {
			return nil, Fault(c.d, fmt.Sprintf("row %d is %q, which is not UTF-8", first+int64(i), s), "write the file's text as UTF-8")
		}
	}
	return v, nil
}

// bools reads an enum of FALSE and TRUE; any other number is a missing value.
func (c *Column) bools(first, n int64, out *counts.Column) error {
	raw := make([]int64, n)
	if err := ReadRange(c.d, raw, first); err != nil {
		return err
	}
	t := c.d.Type()
	out.Bools = roomFor(out.Bools, n)
	for i, x := range raw {
		out.Bools[i] = x == t.True
		if x != t.True && x != t.False {
			if out.Missing == nil {
				out.Missing = make([]bool, n)
			}
			out.Missing[i] = true
		}
	}
	return nil
}

// roomFor gives a slice of n, the given one where it is long enough.
func roomFor[T any](v []T, n int64) []T {
	if int64(cap(v)) >= n {
		return v[:n]
	}
	return make([]T, n)
}
