package model

import "cellvi/model/kernel"

// halfPass is the head's matrices rounded to bfloat16, in pairs along the
// dimension that a product sums over. Only the three products of training take
// them: sums, softmax, likelihood, gradients' use and parameters stay float32,
// and so does everything in evaluation.
type halfPass struct {
	h, ht  []uint32 // (ld/2, H), (H/2, ld)
	w, a   []uint32 // a block's rows: (G, H/2), (G, ld/2)
	wp, ap []uint32 // and pairs of its genes: (blocks, BlockSize/2, H), (blocks, BlockSize/2, ld)
}

// halvable says whether the products of so many hidden units can be bfloat16's.
func halvable(h int) bool { return h%32 == 0 }

func (q *halfPass) resize(p *headPass[float32], h int, bounds []int) {
	blocks, g := len(bounds)-1, bounds[len(bounds)-1]
	q.h, q.ht = resize(q.h, p.ld/2*h), resize(q.ht, p.ld*h/2)
	q.w, q.a = resize(q.w, g*h/2), resize(q.a, g*p.ld/2)
	q.wp, q.ap = resize(q.wp, blocks*kernel.BlockSize/2*h), resize(q.ap, blocks*kernel.BlockSize/2*p.ld)
}

// takeHalf rounds what take copied.
func (d *head[T]) takeHalf(p *headPass[float32]) {
	p.halves.resize(p, d.h, d.bounds)
	d.half.PairColumns(p.ld, d.h, p.h, p.halves.h)
	d.half.PairColumns(d.h, p.ld, p.ht, p.halves.ht)
}

// logitsHalf is the product of logits.
func (d *head[T]) logitsHalf(k int, w []float32, p *headPass[float32]) {
	lo, n, q := d.bounds[k], d.bounds[k+1]-d.bounds[k], &p.halves
	rows := q.w[lo*d.h/2 : (lo+n)*d.h/2]
	d.half.PairRows(w[lo*d.h:(lo+n)*d.h], rows)
	d.half.HalfProduct(n, p.ld, d.h/2, rows, d.h/2, 1, q.ht, p.ld, p.y[lo*p.ld:], p.ld)
}

// backwardHalf is the products of backward.
func (d *head[T]) backwardHalf(k, b int, w, dw []float32, p *headPass[float32]) {
	lo, n, q := d.bounds[k], d.bounds[k+1]-d.bounds[k], &p.halves
	a, rows := p.a[lo*p.ld:(lo+n)*p.ld], q.a[lo*p.ld/2:(lo+n)*p.ld/2]
	d.half.PairRows(a, rows)
	d.half.HalfProduct(n, d.h, p.ld/2, rows, p.ld/2, 1, q.h, d.h, dw[lo*d.h:], d.h)
	ap, wp := q.ap[k*kernel.BlockSize/2*p.ld:], q.wp[k*kernel.BlockSize/2*d.h:]
	d.half.PairColumns(n, p.ld, a, ap)
	d.half.PairColumns(n, d.h, w[lo*d.h:], wp)
	d.half.HalfProduct(b, d.h, (n+1)/2, ap, 1, p.ld, wp, d.h, p.dh[k*b*d.h:], d.h)
}
