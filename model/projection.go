package model

import "cellvi/model/kernel"

// projection is one output of the decoder per gene and cell: W h + w, cut by blocks
// of genes. In a linear decoder it is batch-normalized gene by gene, and w is left
// out unless asked for.
type projection[T kernel.Float] struct {
	w, bias *param[T]     // (G, K), (G); bias may be nil
	norm    *batchNorm[T] // nil: none
	bounds  []int         // of the blocks
	k       int           // inputs
	half    kernel.Half   // nil: float32 products
}

// newProjection adds the parameters; name is that of W without ".weight".
func newProjection[T kernel.Float](s *slabs[T], name string, genes, k int, bias bool) *projection[T] {
	p := &projection[T]{bounds: kernel.Blocks(genes), k: k, w: s.add(name+".weight", false, genes, k)}
	p.w.fan = k
	if bias {
		p.bias = s.add(name+".bias", false, genes)
		p.bias.fan = k
	}
	return p
}

// output is a projection's numbers in a pass. Matrices have a row for each gene and
// ld = kernel.Pad(B) cells in a row: so none of the three matrix products needs
// an operand in another order, and what belongs to a gene is one number in the
// inner loops.
type output[T kernel.Float] struct {
	y              []T // (G, ld) values, then what the likelihood leaves in their place
	xhat           []T // (G, ld) normalized values, where there is a norm
	mean, variance []T // (G) of the minibatch, or scale and shift in evaluation
	dh             []T // (blocks, B, K) each block's part of the gradient at h: a part of headPass.dh
	halves         halves
}

func (o *output[T]) resize(p *projection[T], ld int) {
	g := p.bounds[len(p.bounds)-1]
	o.y = resize(o.y, g*ld)
	if p.norm != nil {
		o.xhat, o.mean, o.variance = resize(o.xhat, g*ld), resize(o.mean, g), resize(o.variance, g)
	}
}

// product does block k's share of W h, normalized where there is a norm; w is
// still to be added.
func (d *projection[T]) product(ops kernel.Ops[T], k, b int, train bool, p *headPass[T], o *output[T]) {
	lo, hi := d.bounds[k], d.bounds[k+1]
	if f, ok := any(p).(*headPass[float32]); ok && train && d.half != nil {
		d.productHalf(k, any(d.w.w).([]float32), f, any(o).(*output[float32]))
	} else {
		ops.Product(hi-lo, p.ld, d.k, d.w.w[lo*d.k:], d.k, 1, p.ht, p.ld, o.y[lo*p.ld:], p.ld)
	}
	if d.norm != nil {
		d.normalize(ops, lo, hi, b, train, p.ld, o)
	}
}

// normalize does genes lo … hi−1. A bias before the norm changes nothing but the
// running mean, which then holds it.
func (d *projection[T]) normalize(ops kernel.Ops[T], lo, hi, b int, train bool, ld int, o *output[T]) {
	y, n := o.y[lo*ld:], d.norm
	if train {
		ops.RowNorm(hi-lo, ld, b, y, n.gamma.w[lo:], n.beta.w[lo:], n.eps, o.mean[lo:], o.variance[lo:], o.xhat[lo*ld:])
		if d.bias != nil {
			for i := lo; i < hi; i++ {
				o.mean[i] += d.bias.w[i]
			}
		}
		n.track(b, lo, o.mean[lo:hi], o.variance[lo:hi])
		return
	}
	n.affine(lo, hi, o.variance[lo:], o.mean[lo:])
	if d.bias != nil {
		for i := lo; i < hi; i++ {
			o.mean[i] += d.bias.w[i] * o.variance[i]
		}
	}
	ops.RowAffine(hi-lo, ld, o.variance[lo:], o.mean[lo:], y)
}

// shift is w of genes from lo on, nil where nothing is left to be added.
func (d *projection[T]) shift(lo int) []T {
	if d.bias == nil || d.norm != nil {
		return nil
	}
	return d.bias.w[lo:]
}

// slope is where the gradient of w of genes lo … hi−1 goes, or what stands for it:
// the sums over cells of the gradient at the output.
func (d *projection[T]) slope(lo, hi int, spare []T) []T {
	if d.bias == nil || d.norm != nil {
		return spare[:hi-lo]
	}
	return d.bias.g[lo:hi]
}

// backward does block k's gradient of W, and of the norm, and its part of the
// gradient at h, from a (G, ld), the gradient at the output.
func (d *projection[T]) backward(ops kernel.Ops[T], k, b int, p *headPass[T], a []T, o *output[T]) {
	lo, n := d.bounds[k], d.bounds[k+1]-d.bounds[k]
	if d.norm != nil {
		ops.RowNormBackward(n, p.ld, b, o.xhat[lo*p.ld:], d.norm.gamma.w[lo:], o.variance[lo:], d.norm.eps, a[lo*p.ld:],
			d.norm.gamma.g[lo:], d.norm.beta.g[lo:])
		if d.bias != nil { // the norm takes it away again
			clear(d.bias.g[lo : lo+n])
		}
	}
	if f, ok := any(p).(*headPass[float32]); ok && d.half != nil {
		d.backwardHalf(k, b, any(a).([]float32), f, any(o).(*output[float32]))
		return
	}
	ops.Product(n, d.k, p.ld, a[lo*p.ld:], p.ld, 1, p.h, d.k, d.w.g[lo*d.k:], d.k)
	ops.Product(b, d.k, n, a[lo*p.ld:], 1, p.ld, d.w.w[lo*d.k:], d.k, o.dh[k*b*d.k:], d.k)
}

// complete tells which gradients of block k are final.
func (d *projection[T]) complete(k int, complete func(lo, hi int)) {
	lo, hi := d.bounds[k], d.bounds[k+1]
	complete(d.w.lo+lo*d.k, d.w.lo+hi*d.k)
	if d.bias != nil {
		complete(d.bias.lo+lo, d.bias.lo+hi)
	}
	if d.norm != nil {
		complete(d.norm.gamma.lo+lo, d.norm.gamma.lo+hi)
		complete(d.norm.beta.lo+lo, d.norm.beta.lo+hi)
	}
}

// values writes the output (ld, G), after product and before the likelihood.
func (d *projection[T]) values(ops kernel.Ops[T], o *output[T], ld int, out []T) {
	g := d.bounds[len(d.bounds)-1]
	ops.Transpose(g, ld, g, o.y, out)
	if shift := d.shift(0); shift != nil {
		for b := range ld {
			ops.Add(shift[:g], out[b*g:(b+1)*g])
		}
	}
}
