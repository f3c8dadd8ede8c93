package vi

import (
	"math/rand/v2"
)

// Factored is a Target that knows which terms of log p hold which coordinate of z: what
// Rao and Blackwell's way asks for in the score function's gradient of a diagonal Gaussian.
type Factored interface {
	Target
	// Parts writes at n points (as Evaluate's) for every coordinate the sum of the terms of log p
	// that hold it: parts (n, L).
	Parts(problems []int, z, parts []float64)
}

// draws are points of q with what made them and what is known of them.
type draws struct {
	each   int       // of every stratum; with the score function of q itself
	n      int       // points
	noise  []float64 // (n, L)
	z      []float64 // (n, L)
	logQ   []float64 // (n)
	parts  []float64 // (n, L) log p's terms of each coordinate; nil: not known
	value  float64   // the ELBO's estimate
	values []float64 // of each stratum
}

// way is an estimator of the ELBO's gradient in q's parameters.
type way struct {
	score    bool // through log p's values; else through its gradients
	landing  bool // reparameterized without the score's own term, which is zero on average
	parts    bool // score: terms of log p and of q that parameter's coordinate is not in are left out
	controls bool // score: with control variates
}

// reparameterize writes points for gradients along their paths: S of every stratum.
func (d *draws) reparameterize(q parametric, samples int, rng *rand.Rand) {
	n, strata := q.Dim(), q.strata()
	d.size(samples, samples*len(strata), n)
	for i := range d.n {
		noise := d.noise[i*n : (i+1)*n]
		for k := range noise {
			noise[k] = rng.NormFloat64()
		}
		q.path(i/samples, noise, d.z[i*n:(i+1)*n])
	}
}

// draw writes points of q.
func (d *draws) draw(q parametric, samples int, rng *rand.Rand) {
	n := q.Dim()
	d.size(samples, samples, n)
	for i := range d.n {
		q.Draw(rng, d.z[i*n:(i+1)*n])
	}
}

func (d *draws) size(each, points, n int) {
	d.each, d.n = each, points
	d.noise, d.z, d.logQ = resize(d.noise, points*n), resize(d.z, points*n), resize(d.logQ, points)
}

// path writes the reparameterized gradient: with w_k the strata's weights and z_k(eps) the paths
//
//	Σ_k w_k E[∂z_k/∂parametersᵀ (∇log p − ∇log q)] + Σ_k ∂w_k/∂parameters E_k[log p − log q]
//
// where ∂ log q/∂parameters at fixed z, whose expectation is nought, is left out: near the optimum
// the variance vanishes with it (Roeder, Wu & Duvenaud 2017, arXiv 1703.09194). Without landing q's
// entropy is differentiated in closed form instead.
func (d *draws) path(q parametric, v Values, landing bool, to []float64) {
	n, strata := q.Dim(), q.strata()
	g := make([]float64, n)
	d.values = resize(d.values, len(strata))
	clear(to)
	clear(d.values)
	d.value = 0
	for i := range d.n {
		z, k := d.z[i*n:(i+1)*n], i/d.each
		h := v.LogP[i] - q.Score(z, g)
		d.values[k] += h / float64(d.each)
		for j, p := range v.Grad[i*n : (i+1)*n] {
			if g[j] = p - g[j]; !landing {
				g[j] = p
			}
			g[j] /= float64(d.each)
		}
		q.pull(k, d.noise[i*n:(i+1)*n], g, to)
	}
	q.weigh(d.values, to)
	if !landing {
		q.entropy(to)
	}
	d.value = dot(strata, d.values)
}

// score writes the score function's gradient (Ranganath, Gerrish & Blei 2014, arXiv 1401.0118)
//
//	mean_s f_s h_s,  f = ∂ log q(z)/∂parameter,  h = log p(x, z) − log q(z).
//
// By parts, h of a parameter that belongs to a coordinate has only log p's terms with it,
// and log q's factor of it (their Rao-Blackwellization). With controls f h − a f in its place, a = E f²h / E f²
// of the other draws, so that nothing is biased.
func (d *draws) score(q scored, v Values, w way, to []float64) {
	n, m := q.Dim(), len(to)
	f, h := make([]float64, d.n*m), make([]float64, d.n)
	factor := make([]float64, d.n*n)
	d.value = 0
	for i := range d.n {
		z := d.z[i*n : (i+1)*n]
		d.logQ[i] = q.log(z, f[i*m:(i+1)*m])
		d.value += (v.LogP[i] - d.logQ[i]) / float64(d.n)
		if w.parts {
			q.factors(z, factor[i*n:(i+1)*n])
		}
	}
	for j := range m {
		for i := range d.n {
			h[i] = v.LogP[i] - d.logQ[i]
			if o := q.owner(j); w.parts && o >= 0 {
				h[i] = d.parts[i*n+o] - factor[i*n+o]
			}
		}
		to[j] = controlled(f[j:], m, h, w.controls)
	}
}

// controlled is the mean of f h of one parameter, f at every m-th place; with controls each term has the
// coefficient that the others give.
func controlled(f []float64, m int, h []float64, controls bool) float64 {
	s := float64(len(h))
	var sg, sff, sfg float64 // sums of f h, f², f² h; f's own expectation is nought
	for i, v := range h {
		x := f[i*m]
		sg, sff, sfg = sg+x*v, sff+x*x, sfg+x*x*v
	}
	if !controls || len(h) < 4 {
		return sg / s
	}
	sum := 0.0
	for i, v := range h {
		x := f[i*m]
		a, rest := 0.0, sff-x*x
		if rest > 0 {
			a = (sfg - x*x*v) / rest
		}
		sum += x*v - a*x
	}
	return sum / s
}
