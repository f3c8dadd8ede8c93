package model

import (
	"fmt"

	"cellvi/model/kernel"
)

// Tensor is a parameter or buffer as it leaves and enters the model: under
// scvi-tools' name, in its shape, row-major.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// param is one parameter tensor: a view of the slabs, row-major (rows, cols).
// A weight whose input is genes is kept gene-major, transposed from its Shape,
// so that a block of genes is one stretch of memory.
type param[T kernel.Float] struct {
	name       string
	shape      []int
	transposed bool
	fan        int  // its layer's inputs, where it is drawn as a linear layer's; 0: else
	gauss      bool // drawn from N(0, 1)
	ones       bool // begins as 1, not 0
	lo, hi     int  // where in the slabs
	w, g       []T  // value and gradient
}

// slabs are all parameters end to end, and beside them gradients and Adam's
// moments, so that the optimizer is one loop over any stretch.
type slabs[T kernel.Float] struct {
	value, grad, m, v []T
	params            []*param[T]
	shared            int // params[:…] before this offset belong to no block of genes
}

// add reserves a parameter; allot gives it its memory.
func (s *slabs[T]) add(name string, transposed bool, shape ...int) *param[T] {
	n := 1
	for _, d := range shape {
		n *= d
	}
	lo := 0
	if len(s.params) > 0 {
		lo = s.params[len(s.params)-1].hi
	}
	p := &param[T]{name: name, shape: shape, transposed: transposed, lo: lo, hi: lo + n}
	s.params = append(s.params, p)
	return p
}

func (s *slabs[T]) allot() {
	n := s.params[len(s.params)-1].hi
	s.value, s.grad, s.m, s.v = make([]T, n), make([]T, n), make([]T, n), make([]T, n)
	for _, p := range s.params {
		p.w, p.g = s.value[p.lo:p.hi], s.grad[p.lo:p.hi]
		for i := 0; p.ones && i < len(p.w); i++ {
			p.w[i] = 1
		}
	}
}

// export copies values (the parameter's own, or its gradient) out under its
// public name and shape.
func (p *param[T]) export(values []T) Tensor {
	t := Tensor{Name: p.name, Shape: p.shape, Data: make([]float32, len(values))}
	for i := range t.Data {
		t.Data[i] = float32(values[p.at(i)])
	}
	return t
}

// at is where element i of the public, row-major tensor stands in memory.
func (p *param[T]) at(i int) int {
	if !p.transposed {
		return i
	}
	rows, cols := p.shape[0], p.shape[1]
	return i%cols*rows + i/cols
}

func (p *param[T]) load(t Tensor) error { return p.loadInto(p.w, t) }

// loadInto sets values, of this parameter's place in a slab, from its public form.
func (p *param[T]) loadInto(values []T, t Tensor) error {
	if fmt.Sprint(t.Shape) != fmt.Sprint(p.shape) {
		return fmt.Errorf("tensor %s has shape %v, the model needs %v", p.name, t.Shape, p.shape)
	}
	for i, v := range t.Data {
		values[p.at(i)] = T(v)
	}
	return nil
}
