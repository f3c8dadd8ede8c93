//go:build !cgo

package kernel

// New gives the fastest Ops there is for T: without cgo, plain Go.
func New[T Float]() Ops[T] { return Plain[T]() }

// NewHalf gives none: without cgo there are no products of bfloat16 numbers.
func NewHalf() (Half, bool) { return nil, false }
