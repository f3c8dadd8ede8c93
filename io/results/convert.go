package results

import (
	"fmt"
	"math"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// convert makes a Column of an Arrow column; ok is false for types that no
// Column holds.
func convert(field arrow.Field, data *arrow.Chunked) (c Column, ok bool, err error) {
	c = Column{Name: field.Name}
	if !c.start(field.Type, data.Len()) {
		return c, false, nil
	}
	row := 0
	for _, chunk := range data.Chunks() {
		if err := c.put(chunk, row); err != nil {
			return c, false, fmt.Errorf("column %s: %w", field.Name, err)
		}
		c.markNulls(chunk, row)
		row += chunk.Len()
	}
	return c, true, nil
}

// start makes the slice, n long, for an Arrow type; false where there is none.
func (c *Column) start(t arrow.DataType, n int) bool {
	if d, ok := t.(*arrow.DictionaryType); ok {
		t = d.ValueType
		if !isText(t) {
			return false
		}
	}
	switch t.ID() {
	case arrow.FLOAT32:
		c.Float32 = make([]float32, n)
	case arrow.FLOAT64:
		c.Float64 = make([]float64, n)
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.UINT8, arrow.UINT16:
		c.Int32 = make([]int32, n)
	case arrow.INT64, arrow.UINT32:
		c.Int64 = make([]int64, n)
	case arrow.BOOL:
		c.Bool = make([]bool, n)
	default:
		if !isText(t) && t.ID() != arrow.NULL {
			return false
		}
		c.String = make([]string, n)
	}
	return true
}

func isText(t arrow.DataType) bool {
	return t.ID() == arrow.STRING || t.ID() == arrow.LARGE_STRING || t.ID() == arrow.STRING_VIEW
}

// put copies a chunk's values to row on.
func (c *Column) put(chunk arrow.Array, row int) error {
	switch a := chunk.(type) {
	case *array.Float32:
		copy(c.Float32[row:], a.Float32Values())
	case *array.Float64:
		copy(c.Float64[row:], a.Float64Values())
	case *array.Int64:
		copy(c.Int64[row:], a.Int64Values())
	case *array.Uint32:
		widen(c.Int64[row:], a.Uint32Values())
	case *array.Int32:
		copy(c.Int32[row:], a.Int32Values())
	case *array.Int16:
		widen(c.Int32[row:], a.Int16Values())
	case *array.Uint16:
		widen(c.Int32[row:], a.Uint16Values())
	case *array.Int8:
		widen(c.Int32[row:], a.Int8Values())
	case *array.Uint8:
		widen(c.Int32[row:], a.Uint8Values())
	case *array.Boolean:
		for i := range a.Len() {
			c.Bool[row+i] = a.Value(i)
		}
	case *array.String:
		c.putText(a, row)
	case array.StringLike:
		for i := range a.Len() {
			c.String[row+i] = strings.Clone(a.Value(i))
		}
	case *array.Dictionary:
		return c.putLevels(a, row)
	case *array.Null:
	default:
		return fmt.Errorf("%s was declared as another type", chunk.DataType())
	}
	return nil
}

// putText copies a chunk's text in one piece, of which the values are parts: a
// copy of each would take several times as long.
func (c *Column) putText(a *array.String, row int) {
	if a.Len() == 0 {
		return
	}
	text, ends := string(a.ValueBytes()), a.ValueOffsets()
	for i := range a.Len() {
		c.String[row+i] = text[ends[i]-ends[0] : ends[i+1]-ends[0]]
	}
}

func (c *Column) putLevels(a *array.Dictionary, row int) error {
	levels, ok := a.Dictionary().(array.StringLike)
	if !ok {
		return fmt.Errorf("its categories are %s", a.Dictionary().DataType())
	}
	for i := range a.Len() {
		if !a.IsNull(i) {
			c.String[row+i] = strings.Clone(levels.Value(a.GetValueIndex(i)))
		}
	}
	return nil
}

func widen[D int32 | int64, S int8 | int16 | uint8 | uint16 | uint32](dst []D, src []S) {
	for i, v := range src {
		dst[i] = D(v)
	}
}

// markNulls puts NaN, or a zero value and a mark in Missing, where a chunk has nulls.
func (c *Column) markNulls(chunk arrow.Array, row int) {
	if chunk.NullN() == 0 {
		return
	}
	for i := range chunk.Len() {
		if chunk.IsNull(i) {
			c.setNull(row + i)
		}
	}
}

func (c *Column) setNull(i int) {
	switch {
	case c.Float32 != nil:
		c.Float32[i] = float32(math.NaN())
		return
	case c.Float64 != nil:
		c.Float64[i] = math.NaN()
		return
	case c.Int64 != nil:
		c.Int64[i] = 0
	case c.Int32 != nil:
		c.Int32[i] = 0
	case c.Bool != nil:
		c.Bool[i] = false
	case c.String != nil:
		c.String[i] = ""
	}
	if c.Missing == nil {
		c.Missing = make([]bool, c.Len())
	}
	c.Missing[i] = true
}
