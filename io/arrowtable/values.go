package arrowtable

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"cellvi/io/counts"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// class is what the values of an Arrow type are to a table of counts.
type class int

const (
	other    class = iota // nothing that is read
	whole                 // integers
	real                  // floats and decimals
	truth                 // booleans
	text                  // strings, and bytes that must be UTF-8
	moment                // times, dates, durations: read as text
	category              // dictionaries of the classes above
	nothing               // the null type
	list                  // lists of any kind
)

func (c class) String() string {
	return [...]string{"of a type that is not read", "whole numbers", "numbers", "booleans", "text", "times", "categories", "nulls", "lists"}[c]
}

// number tells the classes that can be counts.
func (c class) number() bool { return c == whole || c == real }

func classOf(t arrow.DataType) class {
	switch t := storage(t).(type) {
	case *arrow.DictionaryType:
		if c := classOf(t.ValueType); c != other && c != list && c != category {
			return category
		}
		return other
	case *arrow.Float16Type, *arrow.Float32Type, *arrow.Float64Type, *arrow.Decimal32Type, *arrow.Decimal64Type,
		*arrow.Decimal128Type, *arrow.Decimal256Type:
		return real
	case *arrow.BooleanType:
		return truth
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType,
		*arrow.BinaryType, *arrow.LargeBinaryType, *arrow.BinaryViewType:
		return text
	case *arrow.TimestampType, *arrow.Date32Type, *arrow.Date64Type, *arrow.Time32Type, *arrow.Time64Type: // of durations arrow-go reads none from Parquet
		return moment
	case *arrow.NullType:
		return nothing
	case *arrow.ListType, *arrow.LargeListType, *arrow.FixedSizeListType, *arrow.ListViewType, *arrow.LargeListViewType:
		return list
	}
	if arrow.IsInteger(storage(t).ID()) {
		return whole
	}
	return other
}

// stored is the array of an extension's values.
func stored(a arrow.Array) arrow.Array {
	if e, ok := a.(array.ExtensionArray); ok {
		return stored(e.Storage())
	}
	return a
}

// appendFloats appends numbers, zeros for nulls.
func appendFloats(dst []float64, a arrow.Array) ([]float64, error) {
	from := len(dst)
	switch a := stored(a).(type) {
	case *array.Int8:
		dst = widen(dst, a.Int8Values())
	case *array.Int16:
		dst = widen(dst, a.Int16Values())
	case *array.Int32:
		dst = widen(dst, a.Int32Values())
	case *array.Int64:
		dst = widen(dst, a.Int64Values())
	case *array.Uint8:
		dst = widen(dst, a.Uint8Values())
	case *array.Uint16:
		dst = widen(dst, a.Uint16Values())
	case *array.Uint32:
		dst = widen(dst, a.Uint32Values())
	case *array.Uint64:
		dst = widen(dst, a.Uint64Values())
	case *array.Float32:
		dst = widen(dst, a.Float32Values())
	case *array.Float64:
		dst = append(dst, a.Float64Values()...)
	case *array.Float16:
		for _, v := range a.Values() {
			dst = append(dst, float64(v.Float32()))
		}
	case *array.Boolean:
		for i := range a.Len() {
			dst = append(dst, map[bool]float64{true: 1}[a.Value(i)])
		}
	default:
		return appendDecimals(dst, a)
	}
	if a.NullN() > 0 {
		for i := range a.Len() {
			if a.IsNull(i) {
				dst[from+i] = 0
			}
		}
	}
	return dst, nil
}

func widen[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32](dst []float64, values []T) []float64 {
	from := len(dst)
	dst = slices.Grow(dst, len(values))[:from+len(values)]
	for i, v := range values {
		dst[from+i] = float64(v)
	}
	return dst
}

// appendDecimals appends decimals as the nearest floats.
func appendDecimals(dst []float64, a arrow.Array) ([]float64, error) {
	var at func(i int) float64
	switch a := a.(type) {
	case *array.Decimal32:
		scale := math.Pow10(-int(a.DataType().(arrow.DecimalType).GetScale()))
		at = func(i int) float64 { return float64(a.Value(i)) * scale }
	case *array.Decimal64:
		scale := math.Pow10(-int(a.DataType().(arrow.DecimalType).GetScale()))
		at = func(i int) float64 { return float64(a.Value(i)) * scale }
	case *array.Decimal128:
		scale := a.DataType().(arrow.DecimalType).GetScale()
		at = func(i int) float64 { return a.Value(i).ToFloat64(scale) }
	case *array.Decimal256:
		scale := a.DataType().(arrow.DecimalType).GetScale()
		at = func(i int) float64 { return a.Value(i).ToFloat64(scale) }
	case *array.Null:
		at = func(int) float64 { return 0 }
	default:
		return dst, fmt.Errorf("values of type %s where numbers are expected", a.DataType())
	}
	for i := range a.Len() {
		v := 0.0
		if !a.IsNull(i) {
			v = at(i)
		}
		dst = append(dst, v)
	}
	return dst, nil
}

// integers gives whole numbers by row; false where one is above 2⁶³−1, or the
// array is of another class.
func integers(a arrow.Array) (at func(i int) (int64, bool), ok bool) {
	switch a := stored(a).(type) {
	case *array.Int8:
		return wholes(a.Int8Values()), true
	case *array.Int16:
		return wholes(a.Int16Values()), true
	case *array.Int32:
		return wholes(a.Int32Values()), true
	case *array.Int64:
		return wholes(a.Int64Values()), true
	case *array.Uint8:
		return wholes(a.Uint8Values()), true
	case *array.Uint16:
		return wholes(a.Uint16Values()), true
	case *array.Uint32:
		return wholes(a.Uint32Values()), true
	case *array.Uint64:
		v := a.Uint64Values()
		return func(i int) (int64, bool) { return int64(v[i]), v[i] <= math.MaxInt64 }, true
	}
	return nil, false
}

func wholes[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](v []T) func(int) (int64, bool) {
	return func(i int) (int64, bool) { return int64(v[i]), true }
}

// texts gives the values of an array by row as text: strings as they are, numbers
// and booleans as Python prints them, times as Arrow does. The text may be part of
// the array's memory.
func texts(a arrow.Array) (func(i int) string, error) {
	switch a := stored(a).(type) {
	case array.StringLike: // of either width, and views
		return a.Value, nil
	case *array.Binary:
		return func(i int) string { return string(a.Value(i)) }, nil
	case *array.LargeBinary:
		return func(i int) string { return string(a.Value(i)) }, nil
	case *array.BinaryView:
		return func(i int) string { return string(a.Value(i)) }, nil
	case *array.Boolean:
		return func(i int) string { return map[bool]string{true: "True", false: "False"}[a.Value(i)] }, nil
	case *array.Null:
		return func(int) string { return "" }, nil
	}
	if classOf(a.DataType()) == moment {
		return a.ValueStr, nil
	}
	if at, ok := integers(a); ok {
		if u, ok := stored(a).(*array.Uint64); ok {
			return func(i int) string { return strconv.FormatUint(u.Value(i), 10) }, nil
		}
		return func(i int) string { v, _ := at(i); return strconv.FormatInt(v, 10) }, nil
	}
	floats, err := appendFloats(nil, a)
	if err != nil {
		return nil, err
	}
	return func(i int) string { return counts.PythonFloat(floats[i]) }, nil
}
