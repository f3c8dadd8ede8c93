package hdf5

import (
	"fmt"

	"cellvi/io/counts"
)

// Column is an array as an annotation of cells or genes: text, numbers or booleans.
type Column struct {
	a    Array
	kind counts.Kind
	name string
}

// NewColumn takes a as a column, unread. Where its values are of a sort that has no
// place in a table, it comes back nil, with the reason, and a stays open.
func NewColumn(a Array, name string) (c *Column, why string) {
	kinds := map[Class]counts.Kind{Text: counts.String, Integer: counts.Int, Float: counts.Float, Bool: counts.Bool}
	kind, ok := kinds[a.Type().Class]
	if !ok {
		return nil, fmt.Sprintf("holds %s values", a.Type())
	}
	return &Column{a: a, kind: kind, name: name}, ""
}

// OpenColumn opens a member of g as a column, to be read from front to back. Where
// it is of a sort that has no place in a table, it comes back nil, with the reason.
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
	if c, why, err = columnOf(d, name); c == nil || err != nil {
		d.Close()
		return nil, why, err
	}
	return c, "", nil
}

func columnOf(d *Dataset, name string) (c *Column, why string, err error) {
	if shape := d.Shape(); len(shape) == 2 && (shape[0] == 1 || shape[1] == 1) {
		d.flatten() // as Matlab writes what has one axis
	}
	if n := len(d.Shape()); n != 1 {
		return nil, fmt.Sprintf("has %d axes", n), nil
	}
	if c, why = NewColumn(d, name); c == nil {
		return nil, why, nil
	}
	if err := d.Plausible(); err != nil {
		return nil, "", err
	}
	return c, "", d.KeepOneChunk()
}

// Values is where the values are.
func (c *Column) Values() Array { return c.a }

// Len is the number of rows.
func (c *Column) Len() int64 { return c.a.Len() }

// Header is the column without rows.
func (c *Column) Header() counts.Column { return counts.Column{Name: c.name, Kind: c.kind} }

// Close closes the array.
func (c *Column) Close() error { return c.a.Close() }

// Read fills out with n rows from first on, reusing its slices. Unsigned 64-bit
// numbers above the largest int64 come as that: ask TooLarge before. Text that is
// not UTF-8 is an InputError.
func (c *Column) Read(first, n int64, out *counts.Column) (err error) {
	out.Name, out.Kind, out.Missing = c.name, c.kind, nil
	switch c.kind {
	case counts.String:
		out.Strings, err = ReadUTF8(c.a, first, n)
	case counts.Int:
		out.Ints = counts.Sized(out.Ints, n)
		err = ReadArray(c.a, out.Ints, first)
	case counts.Float:
		out.Floats = counts.Sized(out.Floats, n)
		err = ReadArray(c.a, out.Floats, first)
	default:
		err = c.bools(first, n, out)
	}
	return err
}

// Labels gives n rows from first on as text, numbers in decimal: names.
func (c *Column) Labels(first, n int64) ([]string, error) {
	if c.a.Type().Unsigned64() {
		return readDecimals(c.a, first, n)
	}
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

// bools reads an enum of FALSE and TRUE; any other number, as R writes for NA, is
// a missing value.
func (c *Column) bools(first, n int64, out *counts.Column) error {
	raw := make([]int64, n)
	if err := ReadArray(c.a, raw, first); err != nil {
		return err
	}
	t := c.a.Type()
	out.Bools = counts.Sized(out.Bools, n)
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
