package store

import (
	"errors"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
)

// CountType is the type in which a store keeps its counts.
type CountType int

// The count types, narrowest first. Float32 is for tables with fractions.
const (
	Uint8 CountType = iota
	Uint16
	Uint32
	Float32
)

// ErrTooWide is what Writer.Write returns for a count above its Options.Count:
// start again with Count.Wider.
var ErrTooWide = errors.New("store: a count does not fit the store's type")

// String is the type's name in Arrow.
func (c CountType) String() string {
	return [...]string{"uint8", "uint16", "uint32", "float32"}[c]
}

// Wider is the next wider integer type; false for Uint32 and Float32.
func (c CountType) Wider() (CountType, bool) {
	if c >= Uint32 {
		return c, false
	}
	return c + 1, true
}

// TypeFor is the narrowest type for counts up to largest, Float32 where there
// are fractions or counts above 2³²−1 (see counts.Check).
func TypeFor(largest float64, fractions bool) CountType {
	switch {
	case fractions || largest > math.MaxUint32:
		return Float32
	case largest > math.MaxUint16:
		return Uint32
	case largest > math.MaxUint8:
		return Uint16
	}
	return Uint8
}

func (c CountType) arrow() arrow.DataType {
	return [...]arrow.DataType{
		arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16,
		arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Float32,
	}[c]
}

// countTypeOf is the inverse of arrow.
func countTypeOf(t arrow.DataType) (CountType, bool) {
	for c := Uint8; c <= Float32; c++ {
		if arrow.TypeEqual(c.arrow(), t) {
			return c, true
		}
	}
	return 0, false
}
