package arrowtable

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// coder makes numbers of text, remembering what a dictionary's values are.
type coder struct {
	dictionary arrow.ArrayData
	known      []int64 // of its values; -1 where not asked for yet
}

// codes appends the number of each value, which number gives.
func (c *coder) codes(dst []uint32, a arrow.Array, number func(string) (uint32, error), first int64) ([]uint32, error) {
	a = stored(a)
	for i := range a.Len() {
		if a.NullN() > 0 && a.IsNull(i) {
			return dst, fmt.Errorf("row %d is null, a name expected", first+int64(i))
		}
	}
	if d, ok := a.(*array.Dictionary); ok {
		return c.dictionaryCodes(dst, d, number)
	}
	at, err := texts(a)
	if err != nil {
		return dst, err
	}
	last, code := "", uint32(0)
	for i := range a.Len() {
		s := at(i)
		if i == 0 || s != last {
			if code, err = number(s); err != nil {
				return dst, err
			}
			last = s
		}
		dst = append(dst, code)
	}
	return dst, nil
}

func (c *coder) dictionaryCodes(dst []uint32, d *array.Dictionary, number func(string) (uint32, error)) ([]uint32, error) {
	values := d.Dictionary()
	at, err := texts(values)
	if err != nil {
		return dst, err
	}
	if values.Data() != c.dictionary {
		c.dictionary, c.known = values.Data(), slices.Repeat([]int64{-1}, values.Len())
	}
	for i := range d.Len() {
		k := d.GetValueIndex(i)
		if k < 0 || k >= len(c.known) || values.IsNull(k) {
			return dst, fmt.Errorf("holds category %d of %d", k, values.Len())
		}
		if c.known[k] < 0 {
			code, err := number(at(k))
			if err != nil {
				return dst, err
			}
			c.known[k] = int64(code)
		}
		dst = append(dst, uint32(c.known[k]))
	}
	return dst, nil
}

// eachText visits the values of an array that are not null.
func eachText(a arrow.Array, visit func(string) error) error {
	at, err := texts(a)
	if err != nil {
		return err
	}
	for i := range a.Len() {
		if a.IsNull(i) {
			continue
		}
		if err := visit(at(i)); err != nil {
			return err
		}
	}
	return nil
}
