package kernel

import (
	"math"
	"slices"
)

// Reference is the hot loops in plain Go: what the C kernels are held to, what
// finite differences run in, and what runs where there is no cgo.
type Reference[T Float] struct{}

// Product is described at Ops.
func (r Reference[T]) Product(m, n, k int, a []T, ra, ca int, b []T, ldb int, c []T, ldc int) {
	r.Gemm(ca != 1, false, m, n, k, 1, a, max(ra, ca), b, ldb, 0, c, ldc)
}

// Transpose is described at Ops.
func (Reference[T]) Transpose(rows, cols, ld int, x, y []T) {
	for c := range cols {
		clear(y[c*ld : (c+1)*ld])
		for r := range rows {
			y[c*ld+r] = x[r*cols+c]
		}
	}
}

// Unpack is described at Ops.
func (Reference[T]) Unpack(genes []uint16, counts []uint8, logs []T, idx []int32, val, log []T) int {
	total := 0
	for k, x := range counts {
		total += int(x)
		idx[k], val[k], log[k] = int32(genes[k]), T(x), logs[x]
	}
	return total
}

// Dropout is described at Ops.
func (Reference[T]) Dropout(key uint64, first int, rate float64, mask []T) {
	limit, keep := uint32(rate*(1<<32)), T(1/(1-rate))
	for k := range mask {
		mask[k] = keep
		if dropHash(key, uint32(first+k)) < limit {
			mask[k] = 0
		}
	}
}

// dropHash is two rounds of Wellons' lowbias32 (2018), one for each half of key.
func dropHash(key uint64, place uint32) uint32 {
	return lowbias32(lowbias32(place^uint32(key)) ^ uint32(key>>32))
}

func lowbias32(x uint32) uint32 {
	x = (x ^ x>>16) * 0x7feb352d
	x = (x ^ x>>15) * 0x846ca68b
	return x ^ x>>16
}

// SparseForward is described at Ops.
func (Reference[T]) SparseForward(lo, hi, b, h, blocks int, bound, idx []int32, val, w, bias, out []T) {
	for c := lo; c < hi; c++ {
		o := out[c*h : (c+1)*h]
		copy(o, bias)
		for i := bound[c]; i < bound[blocks*b+c]; i++ {
			axpy(val[i], w[int(idx[i])*h:(int(idx[i])+1)*h], o)
		}
	}
}

// SortByGene is described at Ops.
func (Reference[T]) SortByGene(n int, nz Nonzeros[T], start []int32, sorted []Entry[T]) {
	clear(start[:n+1])
	for c, lo := range nz.Lo {
		for i := lo; i < nz.Hi[c]; i++ {
			start[nz.Idx[i]-nz.First+1]++
		}
	}
	for j := range n {
		start[j+1] += start[j]
	}
	at := slices.Clone(start[:n])
	for c, lo := range nz.Lo {
		for i := lo; i < nz.Hi[c]; i++ {
			j := nz.Idx[i] - nz.First
			sorted[at[j]] = Entry[T]{int32(c), nz.Val[i], nz.Log[i]}
			at[j]++
		}
	}
}

// SparseBackward is described at Ops.
func (Reference[T]) SparseBackward(n, h int, start []int32, sorted []Entry[T], dout, dw []T) {
	clear(dw[:n*h])
	for j := range n {
		for _, e := range sorted[start[j]:start[j+1]] {
			axpy(e.Log, dout[int(e.Cell)*h:(int(e.Cell)+1)*h], dw[j*h:(j+1)*h])
		}
	}
}

// axpy is y += a x.
func axpy[T Float](a T, x, y []T) {
	for i, v := range x {
		y[i] += a * v
	}
}

// Sum is described at Ops.
func (Reference[T]) Sum(parts, n int, x, y []T) {
	copy(y[:n], x)
	for k := 1; k < parts; k++ {
		axpy(1, x[k*n:(k+1)*n], y[:n])
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

// Affine is described at Ops.
func (Reference[T]) Affine(b, h int, scale, shift, x, y []T) {
	for c := range b {
		for i := range h {
			y[c*h+i] = scale[i]*x[c*h+i] + shift[i]
		}
	}
}

// ReLU is described at Ops.
func (Reference[T]) ReLU(mask, y []T) {
	for i, v := range y {
		y[i] = max(v, 0)
		if mask != nil {
			y[i] *= mask[i]
		}
	}
}

// ReLUBackward is described at Ops.
func (Reference[T]) ReLUBackward(y, mask, dy []T) {
	for i := range dy {
		switch {
		case y[i] <= 0:
			dy[i] = 0
		case mask != nil:
			dy[i] *= mask[i]
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
