package vi

import "math"

// parametric is a family through the vector of its parameters, which an optimizer moves and
// whose gradients are estimated. A draw is made of standard normal noise (L) by a path of
// its stratum; a family with several strata is the mixture of their densities by weights.
type parametric interface {
	Approximation
	parameters() []float64                    // the vector; after a change call settle
	settle()                                  // makes the rest of the parameters
	strata() []float64                        // weights, which sum to 1
	path(stratum int, noise, z []float64)     // z of noise
	pull(stratum int, noise, g, to []float64) // to += weight · ∂(g·z)/∂parameters at fixed noise, of the stratum's weight
	weigh(values, to []float64)               // to += Σ_k value_k · ∂weight_k/∂parameters
	entropy(to []float64)                     // to += the entropy's gradient, of a Gaussian
	plain(widen float64) Approximation        // a copy without what fitting needs, its scales squared times widen
}

// scored is a family whose gradient the score function can estimate.
type scored interface {
	parametric
	log(z, to []float64) float64 // to = ∂ log q(z)/∂parameters; gives log q(z)
	owner(i int) int             // the coordinate of z whose factor of q parameter i belongs to; −1: q has no factors
	factors(z, to []float64)     // to = log of q's factor of every coordinate, where it has them
}

// gaussianFamily is Diag and Full: mean (L), log of the triangle's diagonal (L), and for Full the
// triangle below it, row by row, each row in units of its diagonal: so that one learning rate suits
// narrow posteriors and wide ones.
type gaussianFamily struct {
	Gaussian
	full bool
	p    []float64
}

func newGaussianFamily(start Gaussian, full bool) *gaussianFamily {
	f := &gaussianFamily{Gaussian: start.clone(), full: full}
	n := start.Dim()
	f.p = append(f.p, start.Mean...)
	for i := range n {
		f.p = append(f.p, math.Log(start.Chol[i*n+i]))
	}
	for i := range n {
		if full {
			for _, c := range start.Chol[i*n : i*n+i] {
				f.p = append(f.p, c/start.Chol[i*n+i])
			}
		}
	}
	f.settle()
	return f
}

// widened is a copy whose covariance is by times g's.
func (g Gaussian) widened(by float64) Gaussian {
	g = g.clone()
	for i := range g.Chol {
		g.Chol[i] *= math.Sqrt(by)
	}
	return g
}

func (f *gaussianFamily) plain(widen float64) Approximation { return f.widened(widen) }

func (f *gaussianFamily) parameters() []float64 { return f.p }
func (f *gaussianFamily) strata() []float64     { return one }
func (f *gaussianFamily) weigh(_, _ []float64)  {}

// one is the weights of a family with one stratum.
var one = []float64{1}

func (f *gaussianFamily) settle() { f.Gaussian.load(f.p, f.full) }

// load makes the Gaussian of a parameter vector.
func (g Gaussian) load(p []float64, full bool) {
	n := g.Dim()
	copy(g.Mean, p)
	clear(g.Chol)
	at := 2 * n
	for i := range n {
		g.Chol[i*n+i] = math.Exp(p[n+i])
		if full {
			for j := range i {
				g.Chol[i*n+j] = g.Chol[i*n+i] * p[at+j]
			}
			at += i
		}
	}
}

func (f *gaussianFamily) path(_ int, noise, z []float64) { f.place(noise, z) }

// place writes Mean + Chol·noise.
func (g Gaussian) place(noise, z []float64) {
	timesLower(z, g.Chol, noise)
	for i, m := range g.Mean {
		z[i] += m
	}
}

func (f *gaussianFamily) pull(_ int, noise, g, to []float64) {
	f.Gaussian.pull(noise, g, to, f.full, 1)
}

// pull adds weight·∂(g·z)/∂p.
func (g Gaussian) pull(noise, dz, to []float64, full bool, weight float64) {
	n := g.Dim()
	at := 2 * n
	for i, d := range dz {
		d *= weight
		to[i] += d
		to[n+i] += d * dot(g.Chol[i*n:i*n+i+1], noise)
		if full {
			for j := range i {
				to[at] += d * g.Chol[i*n+i] * noise[j]
				at++
			}
		}
	}
}

func (f *gaussianFamily) log(z, to []float64) float64 {
	clear(to)
	return f.Gaussian.score(z, to, f.full, 1)
}

// score adds weight·∂ log q(z)/∂p: with eps = Chol⁻¹(z − mean) and s = Chol⁻ᵀ eps the derivative is s in
// the mean, and s epsᵀ less Chol⁻¹'s diagonal in the triangle.
func (g Gaussian) score(z, to []float64, full bool, weight float64) float64 {
	n := g.Dim()
	var room [2 * maxStack]float64
	x := scratch(room[:], 2*n)
	eps, s := x[:n], x[n:]
	log := g.whiten(eps, z)
	copy(s, eps)
	solveUpper(g.Chol, s)
	at := 2 * n
	for i := range n {
		to[i] += weight * s[i]
		to[n+i] += weight * (s[i]*dot(g.Chol[i*n:i*n+i+1], eps) - 1)
		if full {
			for j := range i {
				to[at] += weight * g.Chol[i*n+i] * s[i] * eps[j]
				at++
			}
		}
	}
	return log
}

// entropy is Σ log of the diagonal, and a constant.
func (f *gaussianFamily) entropy(to []float64) {
	n := f.Dim()
	for i := range n {
		to[n+i]++
	}
}

// owner of a mean or scale of a diagonal q is its coordinate.
func (f *gaussianFamily) owner(i int) int {
	if f.full {
		return -1
	}
	return i % f.Dim()
}

// factors are log N(z_i; mean_i, variance_i), of a diagonal q.
func (f *gaussianFamily) factors(z, to []float64) {
	n := f.Dim()
	for i := range z {
		c := f.Chol[i*n+i]
		e := (z[i] - f.Mean[i]) / c
		to[i] = -0.5*e*e - math.Log(c) - 0.5*log2Pi
	}
}
