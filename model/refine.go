package model

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"cellvi/model/vi"
)

// LatentMoments writes the mean (L) and covariance (L, L) of the latent under q, an
// approximation in Conditional's coordinates: of z, or of the place on the simplex where
// the latent is logistic-normal, over points that seed and key name.
func (c *Conditional) LatentMoments(q vi.Approximation, seed, key uint64, mean, cov []float64) {
	if c.vae.LatentDistribution == "ln" {
		c.simplexMoments(q, seed, key, mean, cov)
		return
	}
	l, n := c.vae.NLatent, c.Dim()
	m, v := make([]float64, n), make([]float64, n*n)
	q.Moments(m, v)
	copy(mean, m[:l])
	for k := range l {
		copy(cov[k*l:(k+1)*l], v[k*n:k*n+l])
	}
}

// LibraryMoments gives the mean and variance of log l under q; NaN where the library size
// is not latent.
func (c *Conditional) LibraryMoments(q vi.Approximation) (mean, variance float64) {
	l, n := c.vae.NLatent, c.Dim()
	if n == l {
		return math.NaN(), math.NaN()
	}
	m, v := make([]float64, n), make([]float64, n*n)
	q.Moments(m, v)
	return m[l], v[l*n+l]
}

// simplexMoments are those of softmax(z), over simplexPoints draws: random ones, or for a
// Gaussian the evenly spread ones that Evaluator.Posterior takes.
func (c *Conditional) simplexMoments(q vi.Approximation, seed, key uint64, mean, cov []float64) {
	l, n := c.vae.NLatent, c.Dim()
	draw := c.spread(q)
	if draw == nil {
		rng := Stream(seed, RefineNoise, 0, key)
		draw = func(_ int, z []float64) { q.Draw(rng, z) }
	}
	clear(mean)
	clear(cov)
	z := make([]float64, n)
	for i := range simplexPoints {
		draw(i, z)
		softmaxRows(l, z[:l])
		for k, a := range z[:l] {
			mean[k] += a / simplexPoints
			for j, b := range z[:k+1] {
				cov[k*l+j] += a * b / simplexPoints
			}
		}
	}
	for k := range l {
		for j := range k + 1 {
			cov[k*l+j] -= mean[k] * mean[j]
			cov[j*l+k] = cov[k*l+j]
		}
	}
}

// spread gives the points of a Gaussian; nil for any other q.
func (c *Conditional) spread(q vi.Approximation) func(i int, z []float64) {
	g, is := q.(vi.Gaussian)
	if !is {
		return nil
	}
	l, n := c.vae.NLatent, c.Dim()
	if c.points == nil {
		c.points = spreadNormals(simplexPoints, l)
	}
	return func(i int, z []float64) {
		for k := range l {
			z[k] = g.Mean[k]
			for j, e := range c.points[i*l : i*l+k+1] {
				z[k] += g.Chol[k*n+j] * e
			}
		}
	}
}

// Widened is an encoder's posterior q, a diagonal Gaussian, with the deviations of z
// multiplied by the factor that suits the posterior best whose covariance is that of
// fitted. For a Gaussian posterior of precision P the ELBO of q with variances f²·v_k is,
// but for a constant, −½ f² Σ P_kk v_k + L log f: largest at f² = L / Σ P_kk v_k. What is
// gained by it was missing for want of width alone. The factor is NaN where fitted has no
// precision.
func (c *Conditional) Widened(q vi.Gaussian, fitted vi.Approximation) (wide vi.Gaussian, factor float64) {
	l, n := c.vae.NLatent, c.Dim()
	mean, cov := make([]float64, n), make([]float64, n*n)
	fitted.Moments(mean, cov)
	wide = vi.Gaussian{Mean: append([]float64(nil), q.Mean...), Chol: append([]float64(nil), q.Chol...)}
	var chol mat.Cholesky
	if !chol.Factorize(mat.NewSymDense(n, cov)) {
		return wide, math.NaN()
	}
	var precision mat.SymDense
	if chol.InverseTo(&precision) != nil {
		return wide, math.NaN()
	}
	sum := 0.0
	for k := range l {
		sum += precision.At(k, k) * q.Chol[k*n+k] * q.Chol[k*n+k]
	}
	factor = math.Sqrt(float64(l) / sum)
	for k := range l {
		wide.Chol[k*n+k] *= factor
	}
	return wide, factor
}
