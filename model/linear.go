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
	shift := l.shift()
	for i := range b {
		at := 0
		if l.codes > 0 {
			at = int(code[i])
		}
		copy(y[i*l.out:(i+1)*l.out], shift[at*l.out:(at+1)*l.out])
	}
	ops.Gemm(false, true, b, l.out, l.in, 1, x, l.in, l.w.w, cols, 1, y, l.out)
}

// shift gives what is added to each cell by its code (codes, out): the bias,
// plus the code's column of W.
func (l *linear[T]) shift() []T {
	rows := make([]T, max(l.codes, 1)*l.out)
	for k := range max(l.codes, 1) {
		row := rows[k*l.out : (k+1)*l.out]
		copy(row, l.b.w)
		for o := 0; o < l.out && l.codes > 0; o++ {
			row[o] += l.w.w[o*(l.in+l.codes)+l.in+k]
		}
	}
	return rows
}

// backward writes the gradients of W and b from dy (B, out) and, where dx is
// not nil, of x.
func (l *linear[T]) backward(ops kernel.Ops[T], b int, x []T, code []int32, dy, dx []T) {
	cols := l.in + l.codes
	ops.Gemm(true, false, l.out, l.in, b, 1, dy, l.out, x, l.in, 0, l.w.g, cols)
	if l.codes > 0 {
		l.codesBackward(b, code, dy)
	}
	ops.ColumnSums(b, l.out, dy, l.b.g)
	if dx != nil {
		ops.Gemm(false, false, b, l.in, l.out, 1, dy, l.out, l.w.w, cols, 0, dx, l.in)
	}
}

// codesBackward writes the gradient of W's columns of codes: the sums of dy
// over each code's cells.
func (l *linear[T]) codesBackward(b int, code []int32, dy []T) {
	sums := make([]T, l.codes*l.out)
	for i := range b {
		row := sums[int(code[i])*l.out : (int(code[i])+1)*l.out]
		for o, d := range dy[i*l.out : (i+1)*l.out] {
			row[o] += d
		}
	}
	for k := range l.codes {
		for o := range l.out {
			l.w.g[o*(l.in+l.codes)+l.in+k] = sums[k*l.out+o]
		}
	}
}
