package arrowtable

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"cellvi/io/counts"
)

// converter makes a counts.Column of arrays. The kind is settled before, from the
// types of all files; levels, before rows are read.
type converter struct {
	path   string
	place  string // "column NAME"
	kind   counts.Kind
	levels map[string]int32 // of a categorical

	dictionary arrow.ArrayData // whose codes are
	codes      []int32         // the column's; -2 where not looked up yet
}

// kindOf is the kind in which a class of values is read.
func kindOf(c class) counts.Kind {
	switch c {
	case whole:
		return counts.Int
	case real:
		return counts.Float
	case truth:
		return counts.Bool
	case category:
		return counts.Categorical
	}
	return counts.String
}

func (v *converter) fault(found, advice string) error {
	return &counts.InputError{File: v.path, Place: v.place, Found: found, Advice: advice}
}

// append adds the rows of an array to c.
func (v *converter) append(c *counts.Column, a arrow.Array) error {
	a = stored(a)
	if _, null := a.(*array.Null); null {
		c.AppendMissing(a.Len())
		return nil
	}
	switch v.kind {
	case counts.Categorical:
		return v.appendCodes(c, a)
	case counts.Int:
		return v.appendInts(c, a)
	case counts.Float:
		return v.appendFloats(c, a)
	case counts.Bool:
		b, ok := a.(*array.Boolean)
		if !ok {
			return v.fault(fmt.Sprintf("holds %s where booleans are expected", a.DataType()), "")
		}
		for i := range a.Len() {
			c.Bools = append(c.Bools, b.Value(i) && !b.IsNull(i))
		}
	default:
		if err := v.appendTexts(c, a); err != nil {
			return err
		}
	}
	markMissing(c, a)
	return nil
}

// markMissing marks the nulls of the rows that were added last.
func markMissing(c *counts.Column, a arrow.Array) {
	before := c.Len() - a.Len()
	if a.NullN() == 0 && c.Missing == nil {
		return
	}
	c.Missing = append(c.Missing, make([]bool, before-len(c.Missing))...)
	for i := range a.Len() {
		c.Missing = append(c.Missing, a.IsNull(i))
	}
}

func (v *converter) appendInts(c *counts.Column, a arrow.Array) error {
	at, ok := integers(a)
	if !ok {
		return v.fault(fmt.Sprintf("holds %s where whole numbers are expected", a.DataType()), "")
	}
	for i := range a.Len() {
		n, fits := int64(0), true
		if !a.IsNull(i) {
			n, fits = at(i)
		}
		if !fits {
			return v.fault(fmt.Sprintf("holds %d, which is above 2⁶³−1", uint64(n)), "write the column as text")
		}
		c.Ints = append(c.Ints, n)
	}
	markMissing(c, a)
	return nil
}

func (v *converter) appendFloats(c *counts.Column, a arrow.Array) (err error) {
	before := len(c.Floats)
	if c.Floats, err = appendFloats(c.Floats, a); err != nil {
		return v.fault(err.Error(), "")
	}
	for i := range a.Len() {
		if a.IsNull(i) {
			c.Floats[before+i] = math.NaN()
		}
	}
	return nil
}

// appendTexts copies text, of which nothing stays part of the array's memory.
func (v *converter) appendTexts(c *counts.Column, a arrow.Array) error {
	if d, ok := a.(*array.Dictionary); ok {
		return v.appendLabels(c, d)
	}
	at, err := texts(a)
	if err != nil {
		return v.fault(err.Error(), "")
	}
	for i := range a.Len() {
		s := ""
		if !a.IsNull(i) {
			s = strings.Clone(at(i))
		}
		if !utf8.ValidString(s) {
			return v.notUTF8(s)
		}
		c.Strings = append(c.Strings, s)
	}
	return nil
}

func (v *converter) notUTF8(s string) error {
	return v.fault(fmt.Sprintf("%q is not valid UTF-8", s), "write the file with its text in UTF-8")
}

// appendLabels spells out categories, where other files hold the column as text.
func (v *converter) appendLabels(c *counts.Column, d *array.Dictionary) error {
	at, err := texts(d.Dictionary())
	if err != nil {
		return v.fault(err.Error(), "")
	}
	for i := range d.Len() {
		s := ""
		if !d.IsNull(i) {
			s = strings.Clone(at(d.GetValueIndex(i)))
		}
		if !utf8.ValidString(s) {
			return v.notUTF8(s)
		}
		c.Strings = append(c.Strings, s)
	}
	return nil
}

// appendCodes translates the dictionary's codes into the column's.
func (v *converter) appendCodes(c *counts.Column, a arrow.Array) error {
	d, ok := a.(*array.Dictionary)
	if !ok {
		return v.fault(fmt.Sprintf("holds %s where categories are expected", a.DataType()), "")
	}
	for i := range d.Len() {
		if d.IsNull(i) {
			c.Codes = append(c.Codes, -1)
			continue
		}
		code, err := v.code(d, d.GetValueIndex(i))
		if err != nil {
			return err
		}
		c.Codes = append(c.Codes, code)
	}
	return nil
}

// code is the column's code for value k of a dictionary, -1 for a null among the
// values.
func (v *converter) code(d *array.Dictionary, k int) (int32, error) {
	values := d.Dictionary()
	if k < 0 || k >= values.Len() {
		return 0, v.fault(fmt.Sprintf("holds category %d of %d", k, values.Len()), damaged)
	}
	if v.dictionary != values.Data() {
		v.dictionary, v.codes = values.Data(), make([]int32, values.Len())
		for i := range v.codes {
			v.codes[i] = -2
		}
	}
	if v.codes[k] > -2 {
		return v.codes[k], nil
	}
	if values.IsNull(k) {
		v.codes[k] = -1
		return -1, nil
	}
	at, err := texts(values)
	if err != nil {
		return 0, v.fault(err.Error(), "")
	}
	code, known := v.levels[at(k)]
	if !known {
		return 0, v.fault(fmt.Sprintf("category %q was not there before", at(k)), "the file changed while it was read")
	}
	v.codes[k] = code
	return code, nil
}

// names appends names, which no row may lack, to list.
func (v *converter) names(list []string, a arrow.Array, first int64) ([]string, error) {
	for i := range a.Len() {
		if a.IsNull(i) {
			return list, v.fault(fmt.Sprintf("row %d has no name", first+int64(i)), "give every row one")
		}
	}
	c := counts.Column{Kind: counts.String, Strings: list}
	err := v.appendTexts(&c, stored(a))
	return c.Strings, err
}
