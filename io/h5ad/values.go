package h5ad

import (
	"fmt"
	"math"
	"unicode/utf8"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// read fills out with n rows from first on, reusing its slices.
func (c *column) read(first, n int64, out *counts.Column) error {
	m := &c.meta
	out.Name, out.Kind, out.Levels, out.Ordered, out.Missing = m.Name, m.Kind, m.Levels, m.Ordered, nil
	var err error
	switch m.Kind {
	case counts.Categorical:
		out.Codes = sized(out.Codes, n)
		err = c.readCodes(first, out.Codes)
	case counts.String:
		out.Strings, err = readTexts(c.values, first, n)
	case counts.Int:
		out.Ints = sized(out.Ints, n)
		err = readRange(c.values, out.Ints, first)
	case counts.Float:
		out.Floats = sized(out.Floats, n)
		err = readRange(c.values, out.Floats, first)
	case counts.Bool:
		out.Bools, out.Missing, err = readBools(c.values, first, n)
	}
	if err != nil || c.mask == nil {
		return err
	}
	return c.applyMask(first, n, out)
}

// sized gives a slice of n, the given one where it is long enough.
func sized[T any](v []T, n int64) []T {
	if int64(cap(v)) >= n {
		return v[:n]
	}
	return make([]T, n)
}

func (c *column) readCodes(first int64, out []int32) error {
	if err := readRange(c.values, out, first); err != nil {
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

func readTexts(a array, first, n int64) ([]string, error) {
	v, err := a.ReadTexts(first, n)
	if err != nil {
		return nil, err
	}
	for i, s := range v {
		if !utf8.ValidString(s) {
			return nil, hdf5.Fault(a, fmt.Sprintf("row %d is %q, which is not UTF-8", first+int64(i), s), "write the file's text as UTF-8")
		}
	}
	return v, nil
}

// readBools reads an enum with members FALSE and TRUE; any other number, as R
// writes for NA, is missing.
func readBools(d array, first, n int64) (v, missing []bool, err error) {
	raw := make([]int64, n)
	if err := readRange(d, raw, first); err != nil {
		return nil, nil, err
	}
	t := d.Type()
	v = make([]bool, n)
	for i, x := range raw {
		v[i] = x == t.True
		if x != t.True && x != t.False {
			if missing == nil {
				missing = make([]bool, n)
			}
			missing[i] = true
		}
	}
	return v, missing, nil
}

// applyMask marks the missing rows of a nullable column and zeroes the filler.
func (c *column) applyMask(first, n int64, out *counts.Column) error {
	mask := make([]int64, n)
	if err := readRange(c.mask, mask, first); err != nil {
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
