package kernel

import "math"

// Reference is the hot loops in plain Go: what the C kernels are held to, what
// finite differences run in, and what runs where there is no cgo.
type Reference[T Float] struct{}

// SparseForward is described at Ops.
func (Reference[T]) SparseForward(lo, hi, h int, ptr, idx []int32, val, w, out []T) {
	for b := lo; b < hi; b++ {
		o := out[b*h : (b+1)*h]
		clear(o)
		for i := ptr[b]; i < ptr[b+1]; i++ {
			axpy(val[i], w[int(idx[i])*h:(int(idx[i])+1)*h], o)
		}
	}
}

// SparseBackward is described at Ops.
func (Reference[T]) SparseBackward(b, n, h int, nz Nonzeros[T], dout, dw []T) {
	clear(dw[:n*h])
	for c := range b {
		for i := nz.Lo[c]; i < nz.Hi[c]; i++ {
			g := int(nz.Idx[i] - nz.First)
			axpy(nz.Val[i], dout[c*h:(c+1)*h], dw[g*h:(g+1)*h])
		}
	}
}

// axpy is y += a x.
func axpy[T Float](a T, x, y []T) {
	for i, v := range x {
		y[i] += a * v
	}
}

// Add is described at Ops.
func (Reference[T]) Add(x, y []T) { axpy(1, x, y) }

// ColumnSums is described at Ops.
func (Reference[T]) ColumnSums(b, n int, x, sum []T) {
	clear(sum[:n])
	for i := range b {
		axpy(1, x[i*n:(i+1)*n], sum[:n])
	}
}

// ReLU is described at Ops.
func (Reference[T]) ReLU(mask, y []T) {
	for i, v := range y {
		y[i] = max(v, 0) * mask[i]
	}
}

// ReLUBackward is described at Ops.
func (Reference[T]) ReLUBackward(y, mask, dy []T) {
	for i := range dy {
		if y[i] > 0 {
			dy[i] *= mask[i]
		} else {
			dy[i] = 0
		}
	}
}

// Adam is described at Ops and AdamStep.
func (Reference[T]) Adam(p, g, m, v []T, s AdamStep) {
	b1, b2, decay := T(s.Beta1), T(s.Beta2), T(s.Decay)
	step, unbias, eps := T(s.Step), T(s.Unbias), T(s.Eps)
	for i := range p {
		d := g[i] + decay*p[i]
		m[i] = b1*m[i] + (1-b1)*d
		v[i] = b2*v[i] + (1-b2)*d*d
		p[i] -= step * m[i] / (sqrt(v[i])*unbias + eps)
	}
}

func sqrt[T Float](x T) T { return T(math.Sqrt(float64(x))) }
func exp[T Float](x T) T  { return T(math.Exp(float64(x))) }
