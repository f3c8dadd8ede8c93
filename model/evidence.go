package model

import "math"

// logRatio writes each cell's log p(z) − log q(z|x), and where the library size is
// latent log p(l) − log q(l|x) of log l too: what the importance weight of a draw has
// beside its likelihood. With y = m + sqrt(v)·eps the draw of N(m, v),
//
//	log N(y; 0, 1) − log N(y; m, v) = ½ (eps² − y² + log v).
//
// Where the latent is logistic-normal y is the draw before the softmax, for which
// both densities are known; scvi-tools takes them at the softmax.
func (p *Pass[T]) logRatio(out []float64) {
	m, l := p.m, p.vae.NLatent
	for b := range out {
		sum := 0.0
		for i := b * l; i < (b+1)*l && p.vae.Posterior == Diagonal; i++ {
			eps, v := float64(m.Noise[i]), float64(p.enc.variance[i])
			y := float64(p.enc.mean[i]) + math.Sqrt(v)*eps
			sum += 0.5 * (eps*eps - y*y + math.Log(v))
		}
		if p.vae.Posterior != Diagonal {
			sum = p.familyRatio(b)
		}
		if p.vae.lib != nil {
			sum += p.libraryRatio(b)
		}
		out[b] = sum
	}
}

// libraryRatio is that of cell b's log l, whose prior is its batch's N(mp, vp).
func (p *Pass[T]) libraryRatio(b int) float64 {
	prior, code := p.vae.libPrior, p.m.Batch[b]
	eps, v, vp := float64(p.m.NoiseL[b]), float64(p.lib.variance[b]), float64(prior.variance[code])
	d := float64(p.lib.mean[b]) + math.Sqrt(v)*eps - float64(prior.mean[code])
	return 0.5 * (eps*eps - d*d/vp + math.Log(v/vp))
}

// Evidence estimates log p(x) of the cells of a minibatch by importance sampling:
// log (1/S) Σ_s w_s with w_s = p(x|z_s, l_s) p(z_s, l_s) / q(z_s, l_s|x). Its
// expectation rises with S to log p(x); with one draw it is that of the ELBO.
type Evidence struct {
	draws             int
	top, sum, squares []float64 // largest log w; Σ w/exp(top); Σ (w/exp(top))²
}

// Add takes in a draw, made with Generation.Losses and Samples. Draw 0 of a minibatch
// begins anew.
func (e *Evidence) Add(g *Generated) {
	if g.Sample == 0 {
		e.draws, e.top, e.sum, e.squares = 0, resize(e.top, g.N), resize(e.sum, g.N), resize(e.squares, g.N)
		for i := range e.top {
			e.top[i], e.sum[i], e.squares[i] = math.Inf(-1), 0, 0
		}
	}
	e.draws++
	for i := range g.N {
		w := g.LogRatio[i] - g.Rec[i]
		if w > e.top[i] {
			by := math.Exp(e.top[i] - w)
			e.top[i], e.sum[i], e.squares[i] = w, e.sum[i]*by, e.squares[i]*by*by
		}
		by := math.Exp(w - e.top[i])
		e.sum[i] += by
		e.squares[i] += by * by
	}
}

// LogLikelihood is the estimate of cell i, in nats.
func (e *Evidence) LogLikelihood(i int) float64 {
	return e.top[i] + math.Log(e.sum[i]/float64(e.draws))
}

// EffectiveDraws is (Σ w)²/Σ w² of cell i, from 1 to the number of draws: how many
// draws the estimate rests on (Kong 1992).
func (e *Evidence) EffectiveDraws(i int) float64 { return e.sum[i] * e.sum[i] / e.squares[i] }
