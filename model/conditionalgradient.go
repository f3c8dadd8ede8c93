package model

import "cellvi/model/kernel"

// gradient writes that of log p in the coordinates, after score: backward through the
// decoder at running statistics, to z alone. Parameters have none here: passes of
// several threads share them.
func (c *Conditional) gradient(u, grad []float64) {
	v, p := c.vae, c.pass
	h := v.head
	c.spare = resize(c.spare, kernel.BlockSize)
	for k := range h.blocks() {
		h.pull(v.ops, k, &p.head, c.spare)
	}
	h.gather(v.ops, &p.head, p.dec.gradient())
	v.dec.pull(steady{v.ops}, p.m.B, &p.dec, p.dinput)
	p.part()
	if v.LatentDistribution == "ln" {
		softmaxRowsBackward(v.NLatent, p.Z, p.dz)
	}
	l, n := v.NLatent, c.Dim()
	for i := range len(u) / n {
		for k := range l {
			grad[i*n+k] = float64(p.dz[i*l+k]) - u[i*n+k]
		}
		if n > l {
			mean, variance := c.libraryPrior(i)
			grad[i*n+l] = float64(p.head.total[i]) - (u[i*n+l]-mean)/variance
		}
	}
}

// pull turns block k's gradients in mu into its part of the gradient of log p(x|z) at
// what the outputs see.
func (d *head[T]) pull(ops kernel.Ops[T], k int, p *headPass[T], spare []T) {
	lo, n := d.bounds[k], d.bounds[k+1]-d.bounds[k]
	at := lo * p.ld
	if d.factor {
		ops.SoftplusBackward(n, p.ld, p.out[0].y[at:], p.a[at:], -1, spare)
	} else {
		ops.SoftmaxBackward(n, p.ld, p.out[0].y[at:], p.scale[k*p.ld:], p.a[at:], p.total, -1, spare)
	}
	for i, q := range d.projections() {
		from := p.out[i].y[at:]
		if i == 0 {
			from = p.a[at:]
		}
		if q.norm != nil { // at running statistics y is scale·x + shift
			scaleRows(n, p.ld, p.out[i].variance[lo:], from)
		}
		ops.Product(p.b, q.k, n, from, 1, p.ld, q.w.w[lo*q.k:], q.k, p.out[i].dh[k*p.b*q.k:], q.k)
	}
}

// pull goes from p.gradient to du (B, in), at running statistics.
func (d *decoder[T]) pull(ops kernel.Ops[T], b int, p *decoderPass[T], du []T) {
	if d.flat {
		for i := range b {
			copy(du[i*d.in:(i+1)*d.in], p.dh[i*d.width():])
		}
		return
	}
	for i := len(p.acts) - 1; i >= 0; i-- {
		n, l, dx := d.hiddens[i], d.linears[i], du
		n.pull(ops, b, &p.acts[i], p.acts[i].dy)
		if i > 0 {
			dx = p.acts[i-1].dy
		}
		ops.Gemm(false, true, b, l.in, l.out, 1, p.acts[i].dy, l.out, l.w.w, l.out, 0, dx, l.in)
	}
}

// pull turns dy (B, H), the gradient at a.y, into that at a.x, after a forward in
// evaluation.
func (n *hidden[T]) pull(ops kernel.Ops[T], b int, a *activations[T], dy []T) {
	ops.ReLUBackward(a.y[:b*n.h], nil, dy[:b*n.h])
	if n.layer {
		ops.LayerNormBackward(b, n.h, a.lhat, a.inv, dy, dy)
	}
	if n.norm != nil { // forward left the scale in a.variance
		scaleColumns(b, n.h, a.variance, dy)
	}
}

// scaleColumns is x (b, h) *= scale (h) in every row.
func scaleColumns[T kernel.Float](b, h int, scale, x []T) {
	for i := range b {
		row := x[i*h : (i+1)*h]
		for j, s := range scale[:h] {
			row[j] *= s
		}
	}
}

// scaleRows is row j of x (n, ld) *= scale[j].
func scaleRows[T kernel.Float](n, ld int, scale, x []T) {
	for j, s := range scale[:n] {
		for at := j * ld; at < (j+1)*ld; at++ {
			x[at] *= s
		}
	}
}
