package model

// backward writes the gradient of loss(weight) after a forward in training.
// complete(lo, hi) is called, perhaps from several workers at once, when
// elements lo … hi−1 of the gradient slab are final and their parameters no
// longer needed in this step: the place where an optimizer steps, and where
// gradients of several machines would be joined.
// meanwhile gives n tasks for workers that would have to wait.
func (p *Pass[T]) backward(weight float64, complete func(lo, hi int), meanwhile func() (n int, task func(i int))) {
	mean := T(p.weight) / T(p.m.B)
	p.headBackward(mean, complete)
	n, task := meanwhile()
	p.beside(n, task, func() {
		t := p.clock.now()
		p.layersBackward(T(weight)*mean, mean)
		p.clock.lap(SmallLayers, t)
	})
	p.inputsBackward(complete)
}

// headBackward does the outputs, for by times the sum over cells of R.
func (p *Pass[T]) headBackward(by T, complete func(lo, hi int)) {
	v := p.vae
	p.run.do(v.head.blocks(), func(k int) {
		t := p.clock.now()
		v.head.slopes(v.ops, k, by, &p.head)
		t = p.clock.lap(Softmax, t)
		v.head.backward(v.ops, k, &p.head)
		t = p.clock.lap(HeadProducts, t)
		v.head.complete(k, complete)
		p.clock.lap(Adam, t)
	})
}

// headToInput is headBackward without the weights' gradients: what there is to go back to
// the latent with.
func (p *Pass[T]) headToInput(by T) {
	v := p.vae
	p.run.do(v.head.blocks(), func(k int) {
		t := p.clock.now()
		v.head.slopes(v.ops, k, by, &p.head)
		t = p.clock.lap(Softmax, t)
		v.head.toInput(v.ops, k, &p.head)
		p.clock.lap(HeadProducts, t)
	})
}

// inputsBackward does the encoders' input weights, and says that all else is final.
func (p *Pass[T]) inputsBackward(complete func(lo, hi int)) {
	v := p.vae
	p.run.do(v.head.blocks()+1, func(k int) {
		if k < v.head.blocks() {
			p.inputBackward(k, complete)
			return
		}
		t := p.clock.now()
		complete(0, v.shared)
		for _, e := range v.encoders() {
			complete(e.in.lo+e.genes*e.h, e.in.hi) // the columns after the genes
		}
		p.clock.lap(Adam, t)
	})
}

// layersBackward goes from the head's gradient to the encoders' first layers; kl
// and mean weight a cell's divergences of z and of l.
func (p *Pass[T]) layersBackward(kl, mean T) {
	v, m := p.vae, p.m
	p.decoderBackward()
	p.sampleBackward(kl)
	if v.lib != nil {
		p.sizesBackward(mean)
		v.libPrior.backward(mean, m.Batch, p.dl, p.lib.mean, p.lib.variance, m.NoiseL, p.lib.dm, p.lib.dra)
	}
	p.encodersBackward()
}

// decoderBackward goes from the head's gradient to those of the latent, before any
// softmax, and of what stands beside it.
func (p *Pass[T]) decoderBackward() {
	v := p.vae
	v.head.gather(v.ops, &p.head, p.dec.gradient())
	v.dec.backward(v.ops, p.m, p.join(), &p.dec, p.dinput)
	p.part()
	if v.LatentDistribution == "ln" {
		softmaxRowsBackward(v.NLatent, p.Z, p.dz)
	}
}

// sizesBackward gives the gradient at the drawn logarithms of library sizes.
func (p *Pass[T]) sizesBackward(mean T) {
	for b := range p.dl {
		p.dl[b] = -mean * p.head.total[b]
	}
}

// encodersBackward goes from the gradients at the encoders' outputs to their first
// layers, and does the batches' vectors.
func (p *Pass[T]) encodersBackward() {
	v, m := p.vae, p.m
	var ddense []T
	if v.embed != nil {
		ddense = p.ddense
	}
	v.enc.backward(v.ops, m, &p.enc, p.dense, p.scratch, ddense)
	if v.lib != nil {
		v.lib.backward(v.ops, m, &p.lib, p.dense, p.scratch, ddense)
	}
	if v.embed != nil {
		p.embedBackward()
	}
}

// part cuts the gradient at the decoder's input into those of z and of what stands
// beside it.
func (p *Pass[T]) part() {
	l, d := p.vae.NLatent, p.vae.dense()
	for b := range p.m.B {
		row := p.dinput[b*(l+d) : (b+1)*(l+d)]
		copy(p.dz[b*l:(b+1)*l], row)
		copy(p.ddense[b*d:(b+1)*d], row[l:])
	}
}

// embedBackward writes the gradient of the batches' vectors.
func (p *Pass[T]) embedBackward() {
	v, d, n := p.vae, p.vae.dense(), p.vae.NContinuousCov
	clear(v.embed.g)
	for b, code := range p.m.Batch[:p.m.B] {
		g := v.embed.g[int(code)*v.BatchEmbeddingDim : (int(code)+1)*v.BatchEmbeddingDim]
		for k, x := range p.ddense[b*d+n : (b+1)*d] {
			g[k] += x
		}
	}
}

// inputBackward does block k's rows of the encoders' input weights.
func (p *Pass[T]) inputBackward(k int, complete func(lo, hi int)) {
	v, bounds := p.vae, p.vae.head.bounds
	for j, e := range v.encoders() {
		lo, hi := bounds[k]*e.h, bounds[k+1]*e.h
		dx := [...]*posterior[T]{&p.enc, &p.lib}[j].acts[0].dy
		t := p.clock.now()
		v.ops.SparseBackward(bounds[k+1]-bounds[k], e.h, p.head.start[bounds[k]+k:], p.head.sorted[p.head.at[k]:], dx, e.in.g[lo:hi])
		t = p.clock.lap(EncoderInput, t)
		complete(e.in.lo+lo, e.in.lo+hi)
		p.clock.lap(Adam, t)
	}
}
