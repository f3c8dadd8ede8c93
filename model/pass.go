package model

import "cellvi/model/kernel"

// Pass is one forward, and in training one backward, over a minibatch: the
// model's numbers for these cells. It is reused from minibatch to minibatch.
type Pass[T kernel.Float] struct {
	vae *VAE[T]
	run runner
	m   *Minibatch[T]

	enc, lib       posterior[T]
	Mean, Variance []T       // (B, L) the posterior q_m, q_v; of one that is not diagonal after moments alone
	Z              []T       // (B, L) its sample, on the simplex where the latent is logistic-normal
	Rec, KL        []float64 // (B) −log p(x|z) and KL(q(z|x) ‖ p(z))
	KLLibrary      []float64 // (B) KL(q(l|x) ‖ p(l)), 0 where the library size is observed
	Library        []T       // (B) l: total counts, size factor, or drawn

	dense   []T // (B, dense) continuous covariates and the batch's vector
	input   []T // (B, L + dense) what the decoder sees; Z where there is nothing beside it
	dinput  []T // (B, L + dense) its gradient
	ddense  []T // (B, dense)
	dz      []T // (B, L)
	dl      []T // (B)
	dec     decoderPass[T]
	form    form[T]
	scratch []T // (B, H)
	head    headPass[T]
	global  float64 // divergence of what belongs to no cell, after loss
	weight  float64 // of the mean loss over cells: 1, but for AutoZI the cells of training
	clock   *clock
}

// posterior is an encoder's numbers.
type posterior[T kernel.Float] struct {
	acts              []activations[T]
	mean, raw         []T   // (B, out) the encoder's two outputs
	variance, dm, dra []T   // (B, out) exp(raw) + 1e-4; gradients at mean and raw
	more, dmore       [][]T // (B, ·) each further output, see Family, and the gradient at it
}

func newPass[T kernel.Float](v *VAE[T], run runner) *Pass[T] {
	p := &Pass[T]{vae: v, run: run, weight: 1}
	p.enc.acts, p.dec.acts = make([]activations[T], len(v.enc.hiddens)), make([]activations[T], len(v.dec.hiddens))
	if v.lib != nil {
		p.lib.acts = make([]activations[T], 1)
	}
	return p
}

func (q *posterior[T]) resize(b, out int, e *encoder[T]) {
	for i, n := range e.hiddens {
		q.acts[i].resize(b, n)
	}
	for _, x := range []*[]T{&q.mean, &q.raw, &q.variance, &q.dm, &q.dra} {
		*x = resize(*x, b*out)
	}
	for i, l := range e.more {
		if i == len(q.more) {
			q.more, q.dmore = append(q.more, nil), append(q.dmore, nil)
		}
		q.more[i], q.dmore[i] = resize(q.more[i], b*l.out), resize(q.dmore[i], b*l.out)
	}
}

func (p *Pass[T]) resize(m *Minibatch[T]) {
	p.m = m
	v, b, l := p.vae, m.B, p.vae.NLatent
	p.enc.resize(b, l, v.enc)
	p.Mean, p.Variance = p.enc.mean, p.enc.variance
	if p.form.resize(b, l, v.Posterior); v.Posterior != Diagonal {
		p.Mean, p.Variance = p.form.mean, p.form.variance
	}
	if v.lib != nil {
		p.lib.resize(b, 1, v.lib)
	}
	p.dec.resize(b, v.dec)
	p.Z, p.dz, p.dl, p.Library = resize(p.Z, b*l), resize(p.dz, b*l), resize(p.dl, b), resize(p.Library, b)
	if d := v.dense(); d > 0 {
		p.dense, p.ddense = resize(p.dense, b*d), resize(p.ddense, b*d)
		p.input = resize(p.input, b*(l+d))
	}
	p.dinput = resize(p.dinput, b*v.dec.in)
	p.scratch = resize(p.scratch, b*v.NHidden)
	p.Rec, p.KL, p.KLLibrary = resize(p.Rec, b), resize(p.KL, b), resize(p.KLLibrary, b)
}

// chunk is the cells of one task where work is cut by cells. It is fixed, so
// that sums within a chunk never depend on the number of threads.
const chunk = 16

// encode goes from counts to the posterior. Part of it is one worker's; the
// others do the n tasks of beside meanwhile.
func (p *Pass[T]) encode(m *Minibatch[T], train bool, n int, beside func(i int)) {
	t := p.clock.now()
	p.resize(m)
	p.besides()
	p.clock.lap(SmallLayers, t)
	v := p.vae
	p.run.do(p.run.threads(), func(i int) {
		t := p.clock.now()
		lo, hi := i*m.B/p.run.threads(), (i+1)*m.B/p.run.threads()
		for j, e := range v.encoders() {
			e.input(v.ops, lo, hi, v.head.blocks(), m, p.dense, [...]*posterior[T]{&p.enc, &p.lib}[j].acts[0].x)
		}
		p.clock.lap(EncoderInput, t)
	})
	p.beside(n, beside, func() {
		t := p.clock.now()
		p.infer(train)
		p.clock.lap(SmallLayers, t)
	})
}

// besides fills what stands beside counts and latent: continuous covariates and the
// batch's vector.
func (p *Pass[T]) besides() {
	v, d := p.vae, p.vae.dense()
	for b := 0; b < p.m.B && d > 0; b++ {
		row := p.dense[b*d : (b+1)*d]
		n := copy(row, p.m.Conts[b*v.NContinuousCov:(b+1)*v.NContinuousCov])
		if v.embed != nil {
			copy(row[n:], v.embed.w[int(p.m.Batch[b])*v.BatchEmbeddingDim:])
		}
	}
}

// infer goes from the encoders' inputs to the posteriors, their samples and
// divergences.
func (p *Pass[T]) infer(train bool) {
	v, m := p.vae, p.m
	z, l := m.EncMasks, m.EncMasks
	if len(m.EncMasks) > 0 {
		z, l = z[:v.NLayers], l[v.NLayers:]
	}
	v.enc.forward(v.ops, m, train, z, &p.enc)
	if v.lib != nil {
		v.lib.forward(v.ops, m, train, l, &p.lib)
	}
	p.settle()
	p.sample()
	klNormal(v.NLatent, p.enc.mean, p.enc.variance, p.KL)
	if v.Posterior != Diagonal {
		p.familyKL()
	}
	clear(p.KLLibrary)
	if v.lib != nil {
		v.libPrior.kl(m.Batch, p.lib.mean, p.lib.variance, p.KLLibrary)
	}
}

// sample draws z, and the library size where it is latent, with the minibatch's noise.
func (p *Pass[T]) sample() {
	v, m := p.vae, p.m
	p.draw()
	if v.LatentDistribution == "ln" {
		softmaxRows(v.NLatent, p.Z)
	}
	if v.lib == nil {
		copy(p.Library, m.Library)
		return
	}
	latent(p.lib.mean, p.lib.raw, m.NoiseL, p.lib.variance, p.Library)
	expAll(p.Library)
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

// join puts what stands beside the latent behind it, where there is something.
func (p *Pass[T]) join() []T {
	l, d := p.vae.NLatent, p.vae.dense()
	if d == 0 {
		return p.Z
	}
	for b := range p.m.B {
		row := p.input[b*(l+d) : (b+1)*(l+d)]
		copy(row[copy(row, p.Z[b*l:(b+1)*l]):], p.dense[b*d:(b+1)*d])
	}
	return p.input
}

// decode goes from p.Z to the outputs, of the logits of shares to their
// exponentials and what turns them into shares.
func (p *Pass[T]) decode(train bool) { p.decodeBy(p.vae.ops, train) }

// decodeBy is decode with the layers by these operations.
func (p *Pass[T]) decodeBy(ops kernel.Ops[T], train bool) {
	v, m := p.vae, p.m
	t := p.clock.now()
	h := v.dec.forward(ops, m, train, p.join(), &p.dec)
	p.head.resize(m.B, v.head)
	v.head.take(v.ops, m.B, train, h, &p.head)
	p.clock.lap(SmallLayers, t)
	p.run.do(v.head.blocks(), func(k int) {
		t := p.clock.now()
		v.head.products(v.ops, k, train, &p.head)
		t = p.clock.lap(HeadProducts, t)
		v.head.exponentials(v.ops, k, &p.head)
		p.clock.lap(Softmax, t)
	})
	t = p.clock.now()
	v.head.join(v.ops, &p.head)
	p.clock.lap(Softmax, t)
}

// forward does a whole pass: posterior, sample, shares, losses per cell.
func (p *Pass[T]) forward(m *Minibatch[T], train bool) {
	p.open(m, train)
	p.decode(train)
	p.score(train)
}

// open is the part of forward up to the posterior; the counts are sorted on the way.
func (p *Pass[T]) open(m *Minibatch[T], train bool) {
	v := p.vae
	t := p.clock.now()
	p.head.resize(m.B, v.head)
	v.head.expect(m, &p.head)
	v.head.code(m, &p.head)
	p.clock.lap(Nonzeros, t)
	p.encode(m, train, v.head.blocks(), func(k int) {
		t := p.clock.now()
		v.head.sort(v.ops, k, m, &p.head)
		p.clock.lap(Nonzeros, t)
	})
}

// score does the likelihood of what was decoded.
func (p *Pass[T]) score(train bool) {
	v := p.vae
	clear(p.head.lib[copy(p.head.lib, p.Library):])
	p.run.do(v.head.blocks(), func(k int) { v.head.likelihood(v.ops, k, train, &p.head, p.clock) })
	t := p.clock.now()
	v.head.sums(&p.head, p.Rec)
	p.clock.lap(Likelihood, t)
}

// loss is the mean over cells of R + weight·KL + KLLibrary, for AutoZI times the
// cells of training and plus the divergence of its genes' posteriors.
func (p *Pass[T]) loss(weight float64) float64 {
	sum := 0.0
	for b, r := range p.Rec {
		sum += r + weight*p.KL[b] + p.KLLibrary[b]
	}
	p.global = p.vae.globalKL()
	return p.weight*sum/float64(len(p.Rec)) + p.global
}

// globalKL is the divergence of what belongs to no cell: AutoZI's, else 0.
func (v *VAE[T]) globalKL() float64 {
	if v.head.auto == nil {
		return 0
	}
	return v.head.auto.total()
}

// Shares gives the expected shares of genes, rho (B, G), after decode, until the
// pass is used again.
func (p *Pass[T]) Shares() []T {
	p.vae.head.shares(p.vae.ops, &p.head, p.head.a)
	return p.head.a[:p.m.B*p.vae.NInput]
}
