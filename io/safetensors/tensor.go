package safetensors

import (
	"fmt"
	"math"
)

// Tensor is one named array, row-major. Exactly one of F32, F64 and I64 is
// filled, with as many values as the product of Shape; Shape [] is a scalar.
// Of a tensor without values the slice that is not nil gives the type.
type Tensor struct {
	Name  string
	Shape []int
	F32   []float32
	F64   []float64
	I64   []int64
	Make  func() []float32 // where set, gives F32's values when they are written; Read leaves it nil
}

// Len is the number of values.
func (t *Tensor) Len() int {
	if t.Make != nil {
		n, _ := volume(t.Shape)
		return int(n)
	}
	return len(t.F32) + len(t.F64) + len(t.I64)
}

// dtype is the format's name of the type and its width in bytes; "" where not
// exactly one slice is set.
func (t *Tensor) dtype() (name string, width int64) {
	set := 0
	if t.F32 != nil || t.Make != nil {
		name, width = "F32", 4
		set++
	}
	if t.F64 != nil {
		name, width = "F64", 8
		set++
	}
	if t.I64 != nil {
		name, width = "I64", 8
		set++
	}
	if set != 1 {
		return "", 0
	}
	return name, width
}

// validate returns what makes t unfit to be written: a fault of the program.
func (t *Tensor) validate() error {
	if name, _ := t.dtype(); name == "" {
		return fmt.Errorf("tensor %s: exactly one of F32, F64 and I64 must be set", t.Name)
	}
	want, ok := volume(t.Shape)
	if !ok || want != int64(t.Len()) {
		return fmt.Errorf("tensor %s: shape %v does not hold %d values", t.Name, t.Shape, t.Len())
	}
	return nil
}

// volume is the product of the sizes; false where one is negative or the
// product, in bytes of eight each, is beyond int64.
func volume(shape []int) (int64, bool) {
	n := int64(1)
	for _, d := range shape {
		if d < 0 || d > 0 && n > math.MaxInt64/8/int64(d) {
			return 0, false
		}
		n *= int64(d)
	}
	return n, true
}
