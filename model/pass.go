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
	clock          *clock
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

// encode goes from counts to the posterior. Part of it is one worker's; the
// others do the n tasks of beside meanwhile.
func (p *Pass[T]) encode(m *Minibatch[T], train bool, n int, beside func(i int)) {
	t := p.clock.now()
	p.resize(m)
	p.clock.lap(SmallLayers, t)
	v := p.vae
	p.run.do(p.run.threads(), func(i int) {
		t := p.clock.now()
		lo, hi := i*m.B/p.run.threads(), (i+1)*m.B/p.run.threads()
		v.enc.input(v.ops, lo, hi, v.head.blocks(), m, p.enc[0].x)
		p.clock.lap(EncoderInput, t)
	})
	p.beside(n, beside, func() {
		t := p.clock.now()
		v.enc.forward(v.ops, m, train, p.enc, p.Mean, p.raw)
		latent(p.Mean, p.raw, m.Noise, p.Variance, p.Z)
		klNormal(v.NLatent, p.Mean, p.Variance, p.KL)
		p.clock.lap(SmallLayers, t)
	})
}

// beside does work on one worker and n tasks on those that have nothing to do.
func (p *Pass[T]) beside(n int, task func(i int), work func()) {
	p.run.do(n+1, func(i int) {
		if i == 0 {
			work()
		} else {
			task(i - 1)
		}
	})
}

// decode goes from p.Z to the exponentials of the logits, and what turns them
// into shares.
func (p *Pass[T]) decode(train bool) {
	v, m := p.vae, p.m
	t := p.clock.now()
	v.dec.forward(v.ops, m, train, p.Z, p.dec)
	p.head.resize(m.B, v.NHidden, v.head.bounds)
	v.head.take(v.ops, m.B, train, p.dec[len(p.dec)-1].y, &p.head)
	p.clock.lap(SmallLayers, t)
	p.run.do(v.head.blocks(), func(k int) {
		t := p.clock.now()
		v.head.logits(v.ops, k, train, &p.head)
		t = p.clock.lap(HeadProducts, t)
		v.head.exponentials(v.ops, k, &p.head)
		p.clock.lap(Softmax, t)
	})
	t = p.clock.now()
	v.ops.SoftmaxJoin(v.head.blocks(), p.head.ld, p.head.max, p.head.sum, p.head.scale)
	p.clock.lap(Softmax, t)
}

// forward does a whole pass: posterior, sample, shares, losses per cell.
func (p *Pass[T]) forward(m *Minibatch[T], train bool) {
	v := p.vae
	t := p.clock.now()
	p.head.resize(m.B, v.NHidden, v.head.bounds)
	v.head.expect(m, &p.head)
	p.clock.lap(Nonzeros, t)
	p.encode(m, train, v.head.blocks(), func(k int) {
		t := p.clock.now()
		v.head.sort(v.ops, k, m, &p.head)
		p.clock.lap(Nonzeros, t)
	})
	p.decode(train)
	clear(p.head.lib[copy(p.head.lib, m.Library):])
	p.run.do(v.head.blocks(), func(k int) { v.head.likelihood(v.ops, k, &p.head, p.clock) })
	t = p.clock.now()
	v.head.sums(&p.head, p.Rec)
	p.clock.lap(Likelihood, t)
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
// meanwhile gives n tasks for workers that would have to wait.
func (p *Pass[T]) backward(weight float64, complete func(lo, hi int), meanwhile func() (n int, task func(i int))) {
	v, b := p.vae, p.m.B
	p.run.do(v.head.blocks(), func(k int) {
		t := p.clock.now()
		v.head.slopes(v.ops, k, b, &p.head)
		t = p.clock.lap(Softmax, t)
		v.head.backward(v.ops, k, b, &p.head)
		t = p.clock.lap(HeadProducts, t)
		v.head.complete(k, complete)
		p.clock.lap(Adam, t)
	})
	n, task := meanwhile()
	p.beside(n, task, func() {
		t := p.clock.now()
		v.head.gather(v.ops, b, &p.head, p.dec[len(p.dec)-1].dy)
		v.dec.backward(v.ops, p.m, p.Z, p.dec, p.dz)
		latentBackward(T(weight)/T(b), p.dz, p.Mean, p.Variance, p.m.Noise, p.dmean, p.draw)
		v.enc.backward(v.ops, b, p.enc, p.dmean, p.draw, p.scratch)
		p.clock.lap(SmallLayers, t)
	})
	p.run.do(v.head.blocks()+1, func(k int) {
		if k < v.head.blocks() {
			p.inputBackward(k, complete)
			return
		}
		t := p.clock.now()
		complete(0, v.shared)
		p.clock.lap(Adam, t)
	})
}

// inputBackward does block k's rows of the encoder's input weight.
func (p *Pass[T]) inputBackward(k int, complete func(lo, hi int)) {
	v, bounds, h := p.vae, p.vae.head.bounds, p.vae.NHidden
	lo, hi := bounds[k]*h, bounds[k+1]*h
	in := v.enc.in
	t := p.clock.now()
	v.ops.SparseBackward(bounds[k+1]-bounds[k], h, p.head.start[bounds[k]+k:], p.head.sorted[p.head.at[k]:], p.enc[0].dy, in.g[lo:hi])
	t = p.clock.lap(EncoderInput, t)
	complete(in.lo+lo, in.lo+hi)
	p.clock.lap(Adam, t)
}

// Shares gives the expected shares of genes, rho (B, G), after decode, until the
// pass is used again.
func (p *Pass[T]) Shares() []T { return p.vae.head.shares(p.vae.ops, &p.head)[:p.m.B*p.vae.NInput] }
