package model

import "cellvi/model/kernel"

// Pass is one forward, and in training one backward, over a minibatch: the
// model's numbers for these cells. It is reused from minibatch to minibatch.
type Pass[T kernel.Float] struct {
	vae *VAE[T]
	run runner
	m   *Minibatch[T]

	enc, dec       []activations[T]
	Mean, Variance []T       // (B, L) the posterior q_m, q_v
	Z              []T       // (B, L) its sample
	Rec, KL        []float64 // (B) −log p(x|z) and KL(q(z|x) ‖ p(z))
	raw            []T
	dmean, draw    []T
	dz, scratch    []T
	head           headPass[T]
}

func newPass[T kernel.Float](v *VAE[T], run runner) *Pass[T] {
	return &Pass[T]{vae: v, run: run, enc: make([]activations[T], v.NLayers), dec: make([]activations[T], v.NLayers)}
}

func (p *Pass[T]) resize(m *Minibatch[T]) {
	p.m = m
	b, h, l := m.B, p.vae.NHidden, p.vae.NLatent
	for i := range p.enc {
		p.enc[i].resize(b, h)
		p.dec[i].resize(b, h)
	}
	for _, x := range []*[]T{&p.Mean, &p.Variance, &p.Z, &p.raw, &p.dmean, &p.draw, &p.dz} {
		*x = resize(*x, b*l)
	}
	p.scratch = resize(p.scratch, b*h)
	p.Rec, p.KL = resize(p.Rec, b), resize(p.KL, b)
}

// chunk is the cells of one task where work is cut by cells. It is fixed, so
// that sums within a chunk never depend on the number of threads.
const chunk = 16

// byCells does b cells chunk by chunk, lo … hi−1 a task.
func byCells(run runner, b int, task func(lo, hi int)) {
	run.do((b+chunk-1)/chunk, func(i int) { task(i*chunk, min((i+1)*chunk, b)) })
}

// encode goes from counts to the posterior.
func (p *Pass[T]) encode(m *Minibatch[T], train bool) {
	p.resize(m)
	v := p.vae
	byCells(p.run, m.B, func(lo, hi int) { v.enc.input(v.ops, lo, hi, m, p.enc[0].x) })
	v.enc.forward(v.ops, m, train, p.enc, p.Mean, p.raw)
	latent(p.Mean, p.raw, m.Noise, p.Variance, p.Z)
	klNormal(v.NLatent, p.Mean, p.Variance, p.KL)
}

// decode goes from p.Z to the shares of genes, not yet normalized across blocks.
func (p *Pass[T]) decode(train bool) {
	v, m := p.vae, p.m
	v.dec.forward(v.ops, m, train, p.Z, p.dec)
	h := p.dec[len(p.dec)-1].y
	p.head.resize(m.B, v.NHidden, v.head.bounds)
	p.run.do(v.head.blocks(), func(k int) { v.head.logits(v.ops, k, m.B, h, &p.head) })
	v.head.normalize(m.B, &p.head)
}

// forward does a whole pass: posterior, sample, shares, losses per cell.
func (p *Pass[T]) forward(m *Minibatch[T], train bool) {
	v := p.vae
	p.encode(m, train)
	p.decode(train)
	p.run.do(v.head.blocks(), func(k int) { v.head.likelihood(v.ops, k, m, &p.head) })
	v.head.sums(m.B, &p.head, p.Rec)
}

// loss is the mean over cells of R + weight·KL.
func (p *Pass[T]) loss(weight float64) float64 {
	sum := 0.0
	for b, r := range p.Rec {
		sum += r + weight*p.KL[b]
	}
	return sum / float64(len(p.Rec))
}

// backward writes the gradient of loss(weight) after a forward in training.
// complete(lo, hi) is called, perhaps from several workers at once, when
// elements lo … hi−1 of the gradient slab are final and their parameters no
// longer needed in this step: the place where an optimizer steps, and where
// gradients of several machines would be joined.
func (p *Pass[T]) backward(weight float64, complete func(lo, hi int)) {
	v, b := p.vae, p.m.B
	h, dh := p.dec[len(p.dec)-1].y, p.dec[len(p.dec)-1].dy
	p.run.do(v.head.blocks(), func(k int) {
		v.head.backward(v.ops, k, b, h, &p.head)
		v.head.complete(k, complete)
	})
	byCells(p.run, b, func(lo, hi int) { v.head.gather(v.ops, lo, hi, b, &p.head, dh) })
	v.dec.backward(v.ops, p.m, p.Z, p.dec, p.dz)
	latentBackward(T(weight)/T(b), p.dz, p.Mean, p.Variance, p.m.Noise, p.dmean, p.draw)
	v.enc.backward(v.ops, b, p.enc, p.dmean, p.draw, p.scratch)
	complete(0, v.shared)
	p.run.do(v.head.blocks(), func(k int) { p.inputBackward(k, complete) })
}

// inputBackward does block k's rows of the encoder's input weight.
func (p *Pass[T]) inputBackward(k int, complete func(lo, hi int)) {
	v, bounds, h := p.vae, p.vae.head.bounds, p.vae.NHidden
	lo, hi := bounds[k]*h, bounds[k+1]*h
	in := v.enc.in
	v.ops.SparseBackward(p.m.B, bounds[k+1]-bounds[k], h, p.m.block(k, bounds, p.m.Log), p.enc[0].dy, in.g[lo:hi])
	complete(in.lo+lo, in.lo+hi)
}

// Shares writes the expected shares of genes, rho (G), of cell b after decode.
func (p *Pass[T]) Shares(b int, out []T) { p.vae.head.shares(b, p.m.B, &p.head, out) }
