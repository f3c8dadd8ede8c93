package counts

import "math"

// take makes c the given rows of from, which is of the same kind; a row -1 is one
// without a value. It uses c's memory again where there is enough.
func (c *Column) take(from *Column, rows []int) {
	c.Name, c.Kind, c.Levels, c.Ordered = from.Name, from.Kind, from.Levels, from.Ordered
	switch c.Kind {
	case Categorical:
		c.Codes = picked(c.Codes, from.Codes, rows, -1)
		return
	case Float:
		c.Floats = picked(c.Floats, from.Floats, rows, math.NaN())
		return
	case String:
		c.Strings = picked(c.Strings, from.Strings, rows, "")
	case Int:
		c.Ints = picked(c.Ints, from.Ints, rows, 0)
	case Bool:
		c.Bools = picked(c.Bools, from.Bools, rows, false)
	}
	missing, some := c.Missing[:0], false
	for _, row := range rows {
		m := row < 0 || from.IsMissing(row)
		missing, some = append(missing, m), some || m
	}
	if c.Missing = missing; !some {
		c.Missing = nil
	}
}

// picked is rows of from in out's memory, missing for a row -1.
func picked[T any](out, from []T, rows []int, missing T) []T {
	out = out[:0]
	for _, row := range rows {
		if row < 0 {
			out = append(out, missing)
		} else {
			out = append(out, from[row])
		}
	}
	return out
}

// take makes f the given rows of from, none of them -1; see Column.take.
func (f *Frame) take(from *Frame, rows []int) {
	f.Names = picked(f.Names, from.Names, rows, "")
	if len(f.Columns) != len(from.Columns) {
		f.Columns = make([]Column, len(from.Columns))
	}
	for i := range from.Columns {
		f.Columns[i].take(&from.Columns[i], rows)
	}
}

// take makes t the given rows of from, genes alike; see Column.take.
func (t *Table) take(from *Table, rows []int) {
	t.Obs.take(&from.Obs, rows)
	t.Indptr, t.Genes, t.Values = append(t.Indptr[:0], 0), t.Genes[:0], t.Values[:0]
	for _, row := range rows {
		genes, values := from.Row(row)
		t.Genes, t.Values = append(t.Genes, genes...), append(t.Values, values...)
		t.Indptr = append(t.Indptr, int64(len(t.Genes)))
	}
}
