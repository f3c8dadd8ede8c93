package model

import "cellvi/model/kernel"

// linear is y = x Wᵀ + b where x (B, in) may be followed by one-hot columns: W is
// (out, in + hot), kept transposed, so that a column of W is one stretch of memory.
type linear[T kernel.Float] struct {
	w, b         *param[T]
	in, hot, out int
}

func newLinear[T kernel.Float](s *slabs[T], name string, in, hot, out int) *linear[T] {
	l := &linear[T]{w: s.add(name+".weight", true, out, in+hot), b: s.add(name+".bias", false, out), in: in, hot: hot, out: out}
	l.w.fan, l.b.fan = in+hot, in+hot
	return l
}

// forward writes y (B, out) from x (B, in) and each cell's one-hot columns.
func (l *linear[T]) forward(ops kernel.Ops[T], b int, x []T, hot onehot, y []T) {
	for i := range b {
		row := y[i*l.out : (i+1)*l.out]
		copy(row, l.b.w)
		l.addHot(ops, hot.of(i), row)
	}
	ops.Gemm(false, false, b, l.out, l.in, 1, x, l.in, l.w.w, l.out, 1, y, l.out)
}

// addHot adds the columns of W that are 1 for a cell.
func (l *linear[T]) addHot(ops kernel.Ops[T], columns []int32, y []T) {
	if l.hot == 0 {
		return
	}
	for _, c := range columns {
		at := (l.in + int(c)) * l.out
		ops.Add(l.w.w[at:at+l.out], y)
	}
}

// backward writes the gradients of W and b from dy (B, out) and, where dx is
// not nil, of x.
func (l *linear[T]) backward(ops kernel.Ops[T], b int, x []T, hot onehot, dy, dx []T) {
	ops.Gemm(true, false, l.in, l.out, b, 1, x, l.in, dy, l.out, 0, l.w.g, l.out)
	if l.hot > 0 {
		hotBackward(ops, hot, b, l.out, dy, l.w.g[l.in*l.out:])
	}
	ops.ColumnSums(b, l.out, dy, l.b.g)
	if dx != nil {
		ops.Gemm(false, true, b, l.in, l.out, 1, dy, l.out, l.w.w, l.out, 0, dx, l.in)
	}
}

// onehot is the one-hot columns that are 1 for each cell: n of them, counted from the
// first column of the first covariate.
type onehot struct {
	cols []int32 // (B, n)
	n    int
}

// of gives those of cell i.
func (h onehot) of(i int) []int32 { return h.cols[i*h.n : (i+1)*h.n] }

// hotBackward writes the gradient of one-hot columns dw (columns, out): the sums of
// dy over each column's cells.
func hotBackward[T kernel.Float](ops kernel.Ops[T], h onehot, b, out int, dy, dw []T) {
	clear(dw)
	for i := range b {
		for _, c := range h.of(i) {
			ops.Add(dy[i*out:(i+1)*out], dw[int(c)*out:(int(c)+1)*out])
		}
	}
}
