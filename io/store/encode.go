package store

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"cellvi/io/counts"
)

// levelArrays are the dictionaries of a frame's categorical columns, nil for the
// other kinds. An Arrow file holds each once, so that the array must be the same
// in every batch.
func levelArrays(frame *counts.Frame) []arrow.Array {
	levels := make([]arrow.Array, len(frame.Columns))
	for i := range frame.Columns {
		if c := &frame.Columns[i]; c.Kind == counts.Categorical {
			levels[i] = stringArray(c.Levels, nil)
		}
	}
	return levels
}

// columnArray is an annotation as Arrow, missing values as nulls.
func columnArray(c *counts.Column, levels arrow.Array, t arrow.DataType) arrow.Array {
	mem := memory.DefaultAllocator
	valid := validity(c)
	switch c.Kind {
	case counts.Categorical:
		b := array.NewInt32Builder(mem)
		b.AppendValues(dictionaryKeys(c.Codes), valid)
		return array.NewDictionaryArray(t, b.NewInt32Array(), levels)
	case counts.String:
		return stringArray(c.Strings, valid)
	case counts.Int:
		b := array.NewInt64Builder(mem)
		b.AppendValues(c.Ints, valid)
		return b.NewInt64Array()
	case counts.Float:
		b := array.NewFloat64Builder(mem)
		b.AppendValues(c.Floats, valid)
		return b.NewFloat64Array()
	default:
		b := array.NewBooleanBuilder(mem)
		b.AppendValues(c.Bools, valid)
		return b.NewBooleanArray()
	}
}

// dictionaryKeys are codes with 0 for missing, since polars checks the keys
// under nulls too.
func dictionaryKeys(codes []int32) []int32 {
	keys := make([]int32, len(codes))
	for i, code := range codes {
		keys[i] = max(code, 0)
	}
	return keys
}

func stringArray(values []string, valid []bool) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.AppendValues(values, valid)
	return b.NewStringArray()
}

// validity is the opposite of IsMissing, nil where nothing is missing.
func validity(c *counts.Column) []bool {
	valid, missing := make([]bool, c.Len()), false
	for i := range valid {
		valid[i] = !c.IsMissing(i)
		missing = missing || !valid[i]
	}
	if !missing {
		return nil
	}
	return valid
}

// listArray is a list column over values that stay the caller's: they must not
// change before the array is written.
func listArray(t *arrow.ListType, offsets []int32, values []byte) arrow.Array {
	n := int(offsets[len(offsets)-1])
	child := array.NewData(t.Elem(), n, []*memory.Buffer{nil, memory.NewBufferBytes(values)}, nil, 0, 0)
	data := array.NewData(t, len(offsets)-1,
		[]*memory.Buffer{nil, memory.NewBufferBytes(arrow.GetBytes(offsets))}, []arrow.ArrayData{child}, 0, 0)
	return array.NewListData(data)
}
