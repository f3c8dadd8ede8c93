package model

import "cellvi/model/kernel"

// tangent is the workspace of derivatives along a direction in z: forward through the
// decoder, beside what was decoded at running statistics.
type tangent[T kernel.Float] struct {
	in     []T // (B, in) at the decoder's input
	planes []T // (2, B, K)
}

// push gives the tangents (B, K) of what the outputs see along directions v (B, L) in z, or
// before the softmax where the latent is logistic-normal: v is then used up. They are good
// until it is called again.
func (w *tangent[T]) push(p *Pass[T], ops kernel.Ops[T], v []T) []T {
	vae, b := p.vae, p.m.B
	l, in, k := vae.NLatent, vae.dec.in, vae.head.scale.k
	if vae.LatentDistribution == "ln" {
		softmaxRowsBackward(l, p.Z, v) // the softmax's derivative is symmetric
	}
	w.in = resize(w.in, b*in)
	clear(w.in)
	for i := range b {
		copy(w.in[i*in:i*in+l], v[i*l:(i+1)*l])
	}
	w.planes = resize(w.planes, 2*b*k)
	vae.dec.push(ops, b, &p.dec, w.in, w.planes[:b*k], w.planes[b*k:])
	return w.planes[:b*k]
}

// push goes from a tangent u (B, in) at the decoder's input to y (B, width), at running
// statistics; spare is as large.
func (d *decoder[T]) push(ops kernel.Ops[T], b int, p *decoderPass[T], u, y, spare []T) {
	if d.flat {
		clear(y)
		for i := range b {
			copy(y[i*d.width():], u[i*d.in:(i+1)*d.in])
		}
		return
	}
	from := u
	for i, n := range d.hiddens {
		l, to := d.linears[i], y
		if (len(d.hiddens)-i)%2 == 0 {
			to = spare
		}
		ops.Gemm(false, false, b, l.out, l.in, 1, from, l.in, l.w.w, l.out, 0, to, l.out)
		n.push(ops, b, &p.acts[i], to)
		from = to
	}
}

// push turns dx (B, H), a tangent at a.x, into that at a.y.
func (n *hidden[T]) push(ops kernel.Ops[T], b int, a *activations[T], dx []T) {
	if n.norm != nil {
		scaleColumns(b, n.h, a.variance, dx)
	}
	if n.layer { // whose derivative is symmetric
		ops.LayerNormBackward(b, n.h, a.lhat, a.inv, dx, dx)
	}
	ops.ReLUBackward(a.y[:b*n.h], nil, dx[:b*n.h])
}
