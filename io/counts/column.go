package counts

import (
	"math"
	"strconv"
)

// Len is the number of rows.
func (c *Column) Len() int {
	switch c.Kind {
	case Categorical:
		return len(c.Codes)
	case String:
		return len(c.Strings)
	case Int:
		return len(c.Ints)
	case Float:
		return len(c.Floats)
	default:
		return len(c.Bools)
	}
}

// IsMissing says whether row i has no value.
func (c *Column) IsMissing(i int) bool {
	switch c.Kind {
	case Categorical:
		return c.Codes[i] < 0
	case Float:
		return c.Floats[i] != c.Floats[i]
	default:
		return c.Missing != nil && c.Missing[i]
	}
}

// Text is row i as a person reads it: the level's name, True or False, a number
// in its shortest form; "" where missing.
func (c *Column) Text(i int) string {
	if c.IsMissing(i) {
		return ""
	}
	switch c.Kind {
	case Categorical:
		return c.Levels[c.Codes[i]]
	case String:
		return c.Strings[i]
	case Int:
		return strconv.FormatInt(c.Ints[i], 10)
	case Float:
		return strconv.FormatFloat(c.Floats[i], 'g', -1, 64)
	}
	if c.Bools[i] {
		return "True"
	}
	return "False"
}

// Header is the column without rows: name, kind and levels, which alias c's.
func (c *Column) Header() Column {
	return Column{Name: c.Name, Kind: c.Kind, Levels: c.Levels, Ordered: c.Ordered}
}

// Slice is rows lo to hi (excluded); it aliases c.
func (c *Column) Slice(lo, hi int) Column {
	s := c.Header()
	switch c.Kind {
	case Categorical:
		s.Codes = c.Codes[lo:hi]
	case String:
		s.Strings = c.Strings[lo:hi]
	case Int:
		s.Ints = c.Ints[lo:hi]
	case Float:
		s.Floats = c.Floats[lo:hi]
	case Bool:
		s.Bools = c.Bools[lo:hi]
	}
	if c.Missing != nil {
		s.Missing = c.Missing[lo:hi]
	}
	return s
}

// Append copies the rows of from, of the same kind and levels, to the end of c.
func (c *Column) Append(from *Column) {
	before := c.Len()
	c.Codes = append(c.Codes, from.Codes...)
	c.Strings = append(c.Strings, from.Strings...)
	c.Ints = append(c.Ints, from.Ints...)
	c.Floats = append(c.Floats, from.Floats...)
	c.Bools = append(c.Bools, from.Bools...)
	switch {
	case from.Missing != nil:
		c.Missing = append(c.padMissing(before), from.Missing...)
	case c.Missing != nil:
		c.Missing = c.padMissing(c.Len())
	}
}

// padMissing is Missing made n long, the new rows not missing.
func (c *Column) padMissing(n int) []bool {
	return append(c.Missing, make([]bool, n-len(c.Missing))...)
}

// AppendMissing adds n rows without a value.
func (c *Column) AppendMissing(n int) {
	before := c.Len()
	switch c.Kind {
	case Categorical:
		for range n {
			c.Codes = append(c.Codes, -1)
		}
		return
	case Float:
		for range n {
			c.Floats = append(c.Floats, math.NaN())
		}
		return
	case String:
		c.Strings = append(c.Strings, make([]string, n)...)
	case Int:
		c.Ints = append(c.Ints, make([]int64, n)...)
	case Bool:
		c.Bools = append(c.Bools, make([]bool, n)...)
	}
	c.Missing = c.padMissing(before)
	for range n {
		c.Missing = append(c.Missing, true)
	}
}
