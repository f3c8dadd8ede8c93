package model

import "cellvi/model/kernel"

// linear is y = x Wᵀ + b where x (B, in) may be followed by the one-hot batch:
// W is (out, in + codes), its last columns one per batch.
type linear[T kernel.Float] struct {
	w, b           *param[T]
	in, codes, out int
}

func newLinear[T kernel.Float](s *slabs[T], name string, in, codes, out int) *linear[T] {
	return &linear[T]{w: s.add(name+".weight", false, out, in+codes), b: s.add(name+".bias", false, out), in: in, codes: codes, out: out}
}

// forward writes y (B, out) from x (B, in) and each cell's code.
func (l *linear[T]) forward(ops kernel.Ops[T], b int, x []T, code []int32, y []T) {
	cols := l.in + l.codes
	for i := range b {
		copy(y[i*l.out:(i+1)*l.out], l.b.w)
		if l.codes > 0 {
			at := l.in + int(code[i])
			for o := range l.out {
				y[i*l.out+o] += l.w.w[o*cols+at]
			}
		}
	}
	ops.Gemm(false, true, b, l.out, l.in, 1, x, l.in, l.w.w, cols, 1, y, l.out)
}

// backward writes the gradients of W and b from dy (B, out) and, where dx is
// not nil, of x.
func (l *linear[T]) backward(ops kernel.Ops[T], b int, x []T, code []int32, dy, dx []T) {
	cols := l.in + l.codes
	clear(l.w.g)
	ops.Gemm(true, false, l.out, l.in, b, 1, dy, l.out, x, l.in, 0, l.w.g, cols)
	if l.codes > 0 {
		for i := range b {
			at := l.in + int(code[i])
			for o := range l.out {
				l.w.g[o*cols+at] += dy[i*l.out+o]
			}
		}
	}
	columnSums(ops, b, l.out, dy, l.b.g)
	if dx != nil {
		ops.Gemm(false, false, b, l.in, l.out, 1, dy, l.out, l.w.w, cols, 0, dx, l.in)
	}
}

// columnSums writes the sums over rows of x (b, n).
func columnSums[T kernel.Float](ops kernel.Ops[T], b, n int, x, sum []T) {
	clear(sum)
	for i := range b {
		ops.Add(x[i*n:(i+1)*n], sum)
	}
}
