package model

// backward is as Pass.backward's, of the bound.
func (s *iwae[T]) backward(weight float64, complete func(lo, hi int), meanwhile func() (n int, task func(i int))) {
	p, w := s.Pass, s.wide
	w.head.sums = resize(w.head.sums, w.head.r.n()*p.vae.NInput)
	clear(w.head.weight)
	for r, x := range s.share {
		w.head.weight[r] = T(x)
	}
	times(w.head.weight, w.head.total)
	mean := 1 / T(p.m.B)
	w.headBackward(mean, complete)
	n, task := meanwhile()
	p.beside(n, task, func() {
		t := p.clock.now()
		w.decoderBackward()
		w.sizesBackward(mean)
		s.latentBackward(T(weight), mean)
		clear(p.ddense)
		for at := 0; at < len(w.ddense); at += len(p.ddense) {
			p.vae.ops.Add(w.ddense[at:at+len(p.ddense)], p.ddense)
		}
		p.encodersBackward()
		p.clock.lap(SmallLayers, t)
	})
	p.inputsBackward(complete)
}

// latentBackward goes from the gradients at the draws to those at the encoders' outputs.
func (s *iwae[T]) latentBackward(weight, mean T) {
	p, w, l := s.Pass, s.wide, s.vae.NLatent
	for i := range p.m.B {
		for k := i * l; k < (i+1)*l; k++ {
			p.enc.dm[k], p.enc.dra[k] = s.drawsBackward(i, k-i*l, posteriorAt[T]{weight: weight, mean: mean, m: p.enc.mean[k], v: p.enc.variance[k], vp: 1}, w.dz, l)
		}
		if s.vae.lib != nil {
			prior, code := s.vae.libPrior, p.m.Batch[i]
			at := posteriorAt[T]{weight: 1, mean: mean, m: p.lib.mean[i], v: p.lib.variance[i], mp: prior.mean[code], vp: prior.variance[code]}
			p.lib.dm[i], p.lib.dra[i] = s.drawsBackward(i, l, at, w.dl, 1)
		}
	}
}

// posteriorAt is N(m, v) of one coordinate of a cell beside its prior N(mp, vp), and what
// its log ratio and its cell weigh.
type posteriorAt[T any] struct{ weight, mean, m, v, mp, vp T }

// drawsBackward gives the gradients at m and at the encoder's output raw, v = exp(raw) +
// 1e-4, of coordinate k of cell i, the latent's or after them log l, from those of the
// likelihood at the draws dy, of which a row has width.
func (s *iwae[T]) drawsBackward(i, k int, q posteriorAt[T], dy []T, width int) (dm, draw T) {
	dv, sd, l := T(0), root(q.v), s.vae.NLatent
	for d := range s.draws {
		row := d*s.m.B + i
		z, size := s.m.again(d, i, l)
		at := row * width
		var eps T
		if k < l {
			eps, at = z[k], at+k
		} else {
			eps = size[0]
		}
		by := T(s.share[row]) * q.mean * q.weight
		dydraw := dy[at] + by*((q.m+sd*eps-q.mp)/q.vp-eps/sd)
		dm += dydraw + by*eps/sd // by way of the draw, and of log q given the draw
		dv += dydraw*eps/(2*sd) + by*(eps*eps-1)/(2*q.v)
	}
	return dm, dv * (q.v - varianceEps)
}
