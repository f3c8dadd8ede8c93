package model

import "cellvi/model/kernel"

// halves is a projection's matrices rounded to bfloat16, in pairs along the
// dimension that a product sums over. Only the three products of training take
// them: sums, softmax, likelihood, gradients' use and parameters stay float32,
// and so does everything in evaluation.
type halves struct {
	w, a   []uint32 // a block's rows: (G, K/2), (G, ld/2)
	wp, ap []uint32 // and pairs of its genes: (blocks, BlockSize/2, K), (blocks, BlockSize/2, ld)
}

// halvable says whether the products of so many hidden units can be bfloat16's.
func halvable(h int) bool { return h%32 == 0 }

func (q *halves) resize(ld, h int, bounds []int) {
	blocks, g := len(bounds)-1, bounds[len(bounds)-1]
	q.w, q.a = resize(q.w, g*h/2), resize(q.a, g*ld/2)
	q.wp, q.ap = resize(q.wp, blocks*kernel.BlockSize/2*h), resize(q.ap, blocks*kernel.BlockSize/2*ld)
}

// useHalf makes the products of training bfloat16's.
func (v *VAE[T]) useHalf() {
	half, _ := kernel.NewHalf()
	for _, p := range v.head.projections() {
		p.half = half
	}
}

// takeHalf rounds what take copied.
func (d *head[T]) takeHalf(p *headPass[float32]) {
	h := d.scale.k
	p.hHalf, p.htHalf = resize(p.hHalf, p.ld/2*h), resize(p.htHalf, p.ld*h/2)
	d.scale.half.PairColumns(p.ld, h, p.h, p.hHalf)
	d.scale.half.PairColumns(h, p.ld, p.ht, p.htHalf)
}

// productHalf is the product of product.
func (d *projection[T]) productHalf(k int, w []float32, p *headPass[float32], o *output[float32]) {
	o.halves.resize(p.ld, d.k, d.bounds)
	lo, n, q := d.bounds[k], d.bounds[k+1]-d.bounds[k], &o.halves
	rows := q.w[lo*d.k/2 : (lo+n)*d.k/2]
	d.half.PairRows(w[lo*d.k:(lo+n)*d.k], rows)
	d.half.HalfProduct(n, p.ld, d.k/2, rows, d.k/2, 1, p.htHalf, p.ld, o.y[lo*p.ld:], p.ld)
}

// backwardHalf is the products of backward.
func (d *projection[T]) backwardHalf(k, b int, from []float32, p *headPass[float32], o *output[float32]) {
	w, dw := any(d.w.w).([]float32), any(d.w.g).([]float32)
	lo, n, q := d.bounds[k], d.bounds[k+1]-d.bounds[k], &o.halves
	a, rows := from[lo*p.ld:(lo+n)*p.ld], q.a[lo*p.ld/2:(lo+n)*p.ld/2]
	d.half.PairRows(a, rows)
	d.half.HalfProduct(n, d.k, p.ld/2, rows, p.ld/2, 1, p.hHalf, d.k, dw[lo*d.k:], d.k)
	ap, wp := q.ap[k*kernel.BlockSize/2*p.ld:], q.wp[k*kernel.BlockSize/2*d.k:]
	d.half.PairColumns(n, p.ld, a, ap)
	d.half.PairColumns(n, d.k, w[lo*d.k:], wp)
	d.half.HalfProduct(b, d.k, (n+1)/2, ap, 1, p.ld, wp, d.k, o.dh[k*b*d.k:], d.k)
}
