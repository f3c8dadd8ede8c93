package model

import (
	"math"

	"cellvi/model/kernel"
)

// semi is a step of semi-amortized training (Kim, Wiseman, Miller, Sontag, Rush 2018,
// arXiv 1802.02550; Cremer, Li, Duvenaud 2018, arXiv 1801.03558): the encoder's posterior
// of each cell is where its own begins, whose mean then climbs the cell's ELBO with the
// decoder fixed, some steps of natural gradient; and the decoder learns from a draw of that.
//
// The first step's gradient is at a draw of the encoder's posterior, and is the encoder's
// own ELBO's too: the encoder learns as it always does, of a decoder that is made for
// other posteriors than its own. Further steps take theirs at the mean, which has no noise of a draw and is
// the ELBO's where log p(x, z) is quadratic; there the best variance is the encoder's
// whatever the mean, and it is kept. The decoder's draw has noise of its own, so that no
// posterior is fitted to the draw that it is judged by.
//
// The history's columns of training cells tell of the refined posteriors, those of
// validation cells of the encoder's.
type semi[T kernel.Float] struct {
	*Pass[T]
	steps     int
	own, size gaussians[T] // each cell's posterior of z, of log l
}

// gaussians are diagonal Gaussians of cells.
type gaussians[T kernel.Float] struct{ mean, variance []T }

// A step of natural gradient the whole way is Newton's where the posterior's variance is
// the inverse curvature of its dimension; but dimensions are correlated, so it goes half
// the way; and early in training variances are far too large: it ends within a standard
// deviation.
const (
	meanRate = 0.5
	farthest = 1
)

func newSemi[T kernel.Float](p *Pass[T], steps int) *semi[T] { return &semi[T]{Pass: p, steps: steps} }

// forward refines the posteriors, and draws of them.
func (s *semi[T]) forward(m *Minibatch[T], weight float64) {
	p, v := s.Pass, s.vae
	p.open(m, true)
	s.own.begin(p.enc.mean, p.enc.variance)
	if v.lib != nil {
		s.size.begin(p.lib.mean, p.lib.variance)
	}
	thaw := v.holdStatistics()
	for k := 1; k <= s.steps; k++ {
		s.improve(k, T(weight))
	}
	thaw()
	t := p.clock.now()
	s.draw(own)
	klNormal(v.NLatent, s.own.mean, s.own.variance, p.KL)
	if v.lib != nil {
		v.libPrior.kl(m.Batch, s.size.mean, s.size.variance, p.KLLibrary)
	}
	p.clock.lap(SmallLayers, t)
	p.decode(true)
	p.score(true)
}

func (g *gaussians[T]) begin(mean, variance []T) {
	g.mean, g.variance = append(g.mean[:0], mean...), append(g.variance[:0], variance...)
}

// holdStatistics keeps the decoder's running statistics as they are, until the function
// that it gives is called: they are to be of the posteriors that the decoder learns from.
func (v *VAE[T]) holdStatistics() (release func()) {
	var norms []*batchNorm[T]
	for _, n := range v.dec.hiddens {
		norms = append(norms, n.norm)
	}
	for _, q := range v.head.projections() {
		norms = append(norms, q.norm)
	}
	was := make([]T, len(norms))
	for i, n := range norms {
		if n != nil {
			was[i], n.momentum = n.momentum, 0
		}
	}
	return func() {
		for i, n := range norms {
			if n != nil {
				n.momentum = was[i]
			}
		}
	}
}

// Which point of each posterior is decoded: the draw that the decoder learns from, the
// one that the first step is taken at, the mean.
const (
	own = iota
	first
	middle
)

// draw makes the pass's latents such points.
func (s *semi[T]) draw(which int) {
	p, v := s.Pass, s.vae
	l := v.NLatent
	copy(p.Library, p.m.Library)
	copy(p.Z, s.own.mean)
	for i := range p.m.B {
		var size T
		if v.lib != nil {
			size = s.size.mean[i]
		}
		if which != middle {
			z, noise := p.m.again(which, i, l)
			for j, eps := range z {
				p.Z[i*l+j] += root(s.own.variance[i*l+j]) * eps
			}
			if v.lib != nil {
				size += root(s.size.variance[i]) * noise[0]
			}
		}
		if v.lib != nil {
			p.Library[i] = T(math.Exp(float64(size)))
		}
	}
	if v.LatentDistribution == "ln" {
		softmaxRows(l, p.Z)
	}
}

// improve is step k, from 1: the gradient at a point of each posterior, and a step of it.
func (s *semi[T]) improve(k int, weight T) {
	p, v := s.Pass, s.vae
	t := p.clock.now()
	s.draw(min(k, middle))
	p.clock.lap(SmallLayers, t)
	p.decode(true)
	p.score(false)
	p.headToInput(1)
	t = p.clock.now()
	p.decoderBackward()
	p.sizesBackward(1)
	if k == 1 {
		s.encoderGradient(weight)
	}
	for i := range s.own.mean {
		s.own.step(i, weight, p.dz[i], 0, 1)
	}
	for i := range s.size.mean {
		code := p.m.Batch[i]
		s.size.step(i, 1, p.dl[i], v.libPrior.mean[code], v.libPrior.variance[code])
	}
	p.clock.lap(SmallLayers, t)
}

// encoderGradient keeps the gradient of the encoder's own objective, at draw 1, for backward.
func (s *semi[T]) encoderGradient(weight T) {
	p, v, mean := s.Pass, s.vae, T(s.Pass.weight)/T(s.m.B)
	l := v.NLatent
	for i := range p.m.B {
		z, size := p.m.again(first, i, l)
		for j, eps := range z {
			at := i*l + j
			p.enc.dm[at], p.enc.dra[at] = drawBackward(mean*weight, mean*p.dz[at], eps, p.enc.mean[at], p.enc.variance[at], 0, 1)
		}
		if v.lib != nil {
			code := p.m.Batch[i]
			p.lib.dm[i], p.lib.dra[i] = drawBackward(mean, mean*p.dl[i], size[0], p.lib.mean[i], p.lib.variance[i],
				v.libPrior.mean[code], v.libPrior.variance[code])
		}
	}
}

// step is one of natural gradient on number i, N(m, v) under the prior N(mp, vp), of
// −log p(x|z) + w KL with gradient dy at z: the Fisher information of m is 1/v.
func (g *gaussians[T]) step(i int, w, dy, mp, vp T) {
	m, v := g.mean[i], g.variance[i]
	most := farthest * root(v)
	g.mean[i] -= min(max(T(meanRate)*v*(dy+w*(m-mp)/vp), -most), most)
}

// backward is as Pass.backward's: the decoder's gradient at the refined posteriors, the
// encoder's at its own.
func (s *semi[T]) backward(_ float64, complete func(lo, hi int), meanwhile func() (n int, task func(i int))) {
	p := s.Pass
	p.headBackward(T(p.weight)/T(p.m.B), complete)
	n, task := meanwhile()
	p.beside(n, task, func() {
		t := p.clock.now()
		p.decoderBackward()
		p.encodersBackward()
		p.clock.lap(SmallLayers, t)
	})
	p.inputsBackward(complete)
}

func (s *semi[T]) cellBounds() []float64 { return nil }

// toInput does block k's part of the gradient at what the outputs see, after slopes.
func (d *head[T]) toInput(ops kernel.Ops[T], k int, p *headPass[T]) {
	lo, n := d.bounds[k], d.bounds[k+1]-d.bounds[k]
	for i, q := range d.projections() {
		from, o := p.out[i].y[lo*p.ld:], &p.out[i]
		if i == 0 {
			from = p.a[lo*p.ld:]
		}
		if q.norm != nil { // its gradients are written again by backward
			ops.RowNormBackward(n, p.ld, p.b, o.xhat[lo*p.ld:], q.norm.gamma.w[lo:], o.variance[lo:], q.norm.eps, from, q.norm.gamma.g[lo:], q.norm.beta.g[lo:])
		}
		ops.Product(p.b, q.k, n, from, 1, p.ld, q.w.w[lo*q.k:], q.k, o.dh[k*p.b*q.k:], q.k)
	}
}
