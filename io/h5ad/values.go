package h5ad

import (
	"fmt"
	"math"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// read fills out with n rows from first on, reusing its slices.
func (c *column) read(first, n int64, out *counts.Column) error {
	if c.plain == nil {
		m := &c.meta
		out.Name, out.Kind, out.Levels, out.Ordered, out.Missing = m.Name, m.Kind, m.Levels, m.Ordered, nil
		out.Codes = counts.Sized(out.Codes, n)
		return c.readCodes(first, out.Codes)
	}
	err := c.plain.Read(first, n, out)
	if err != nil || c.mask == nil {
		return err
	}
	return c.applyMask(first, n, out)
}

func (c *column) readCodes(first int64, out []int32) error {
	if err := hdf5.ReadArray(c.values, out, first); err != nil {
		return err
	}
	for i, code := range out {
		if c.naCode != 0 && code == c.naCode {
			out[i] = -1
			continue
		}
		if code < -1 || int(code) >= len(c.meta.Levels) {
			return hdf5.Fault(c.values, fmt.Sprintf("row %d has code %d, but there are %d categories", first+int64(i), code, len(c.meta.Levels)), hdf5.Damaged)
		}
	}
	return nil
}

// labels gives the rows that were read from first on as text: as Python prints
// them, and unsigned numbers whole.
func (c *column) labels(first int64, read *counts.Column) ([]string, error) {
	if c.plain != nil && c.values.Type().Unsigned64() {
		return c.plain.Labels(first, int64(read.Len()))
	}
	return labels(read), nil
}

// applyMask marks the missing rows of a nullable column and zeroes the filler.
func (c *column) applyMask(first, n int64, out *counts.Column) error {
	mask := make([]int64, n)
	if err := hdf5.ReadArray(c.mask, mask, first); err != nil {
		return err
	}
	for i, m := range mask {
		if m == c.mask.Type().False && (out.Missing == nil || !out.Missing[i]) {
			continue
		}
		if out.Kind == counts.Float {
			out.Floats[i] = math.NaN()
			continue
		}
		if out.Missing == nil {
			out.Missing = make([]bool, n)
		}
		out.Missing[i] = true
		switch out.Kind {
		case counts.Int:
			out.Ints[i] = 0
		case counts.Bool:
			out.Bools[i] = false
		case counts.String:
			out.Strings[i] = ""
		}
	}
	return nil
}
