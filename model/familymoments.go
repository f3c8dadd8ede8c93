package model

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"cellvi/model/kernel"
)

// flowPoints is how many points the moments of a flow's posterior are taken over, or
// eight for each dimension where that is more: fixed ones, so that a cell's numbers are
// a function of the model and the cell alone.
const flowPoints = 512

// points are those that a posterior's moments are taken over; nil where they have a
// closed form. On a simplex they are as many as simplexMoments'. But for a diagonal
// posterior they are whitened: their mean is 0 and their covariance the identity, so that
// what leans and does not bend has exact moments.
func (c Config) points(simplex bool) []float64 {
	n := 0
	if c.Posterior == Flow {
		n = max(flowPoints, 8*c.NLatent)
	}
	if simplex && c.LatentDistribution == "ln" {
		n = simplexPoints
	}
	if n == 0 {
		return nil
	}
	points := spreadNormals(n, c.NLatent)
	if c.Posterior != Diagonal {
		whiten(c.NLatent, points)
	}
	return points
}

// whiten multiplies points (n, l), whose mean is 0, by the inverse of their covariance's
// Cholesky factor.
func whiten(l int, points []float64) {
	x := mat.NewDense(len(points)/l, l, points)
	var cov mat.SymDense
	cov.SymOuterK(float64(l)/float64(len(points)), x.T())
	var by mat.Cholesky
	if !by.Factorize(&cov) {
		return // more dimensions than points tell apart: they stay as they are
	}
	var lower mat.TriDense
	by.LTo(&lower)
	for at := 0; at < len(points); at += l {
		for i := range l {
			a := points[at+i]
			for j := range i {
				a -= lower.At(i, j) * points[at+j]
			}
			points[at+i] = a / lower.At(i, i)
		}
	}
}

// placer draws from one cell's posterior that is not diagonal, in float64.
type placer struct {
	mean, variance, deviation, lower []float64
	outer, inner                     []float64 // of all layers; none where there is no flow
	y, input, bent                   []float64 // (L)
}

// placer makes c of cell b, after encode.
func (p *Pass[T]) placer(b int, c *placer) {
	l, q := p.vae.NLatent, &p.enc
	c.mean, c.variance = widen(c.mean, slot(q.mean, b, l)), widen(c.variance, slot(q.variance, b, l))
	c.deviation, c.lower = resize(c.deviation, l), widen(c.lower, slot(q.more[lowerOutput], b, triangle(l-1)))
	for i, v := range c.variance {
		c.deviation[i] = math.Sqrt(v)
	}
	if p.vae.Posterior == Flow {
		c.outer = widen(c.outer, slot(q.more[outerOutput], b, flowLayers*triangle(l)))
		c.inner = widen(c.inner, slot(q.more[innerOutput], b, flowLayers*(triangle(l)+l)))
	}
	c.y, c.input, c.bent = resize(c.y, l), resize(c.input, l), resize(c.bent, l)
}

// widen copies x to float64.
func widen[T kernel.Float](to []float64, x []T) []float64 {
	to = resize(to, len(x))
	for i, v := range x {
		to[i] = float64(v)
	}
	return to
}

// place writes z = m + C f(ε), and gives log |det df/dε|.
func (c *placer) place(eps, z []float64) (det float64) {
	l := len(eps)
	copy(c.y, eps)
	for k := range len(c.outer) / triangle(l) {
		det += sylvester(slot(c.outer, k, triangle(l)), slot(c.inner, k, triangle(l)+l), c.y, c.input, c.bent)
		slices.Reverse(c.y)
	}
	for i, y := range c.y {
		z[i] = c.mean[i] + c.deviation[i]*y
	}
	lean(c.lower, c.y, z)
	return det
}

// moments writes the mean and each dimension's own variance of the first n cells' z,
// where the posterior is not diagonal: Full's are m and Σ_k C_ik². What has no closed
// form is taken over points, see Config.points; a flow's divergence from the prior too,
// unless simplex asks for the moments of z's softmax. variance may be nil.
func (p *Pass[T]) moments(n int, points []float64, simplex bool, mean, variance []T) {
	l, c := p.vae.NLatent, placer{}
	z, sum, square := make([]float64, l), make([]float64, l), make([]float64, l)
	for b := range n {
		p.placer(b, &c)
		if points == nil {
			c.exact(sum, square)
		} else if kl := c.over(points, simplex, z, sum, square); p.vae.Posterior == Flow && !simplex {
			p.KL[b] = kl
		}
		for k := range l {
			mean[b*l+k] = T(sum[k])
			if variance != nil {
				variance[b*l+k] = T(square[k])
			}
		}
	}
}

// center makes z the posterior's mean, where the noise is still and that is not it
// already, and has Mean and Variance.
func (p *Pass[T]) center(n int, points []float64) {
	if p.vae.Posterior == Diagonal {
		return
	}
	p.moments(n, points, false, p.Mean, p.Variance)
	copy(p.Z, p.Mean[:n*p.vae.NLatent])
	if p.vae.LatentDistribution == "ln" {
		softmaxRows(p.vae.NLatent, p.Z[:n*p.vae.NLatent])
	}
}

// exact writes a Gaussian's mean and variances.
func (c *placer) exact(mean, variance []float64) {
	copy(mean, c.mean)
	copy(variance, c.variance)
	at := 0
	for i := range variance {
		for _, x := range c.lower[at : at+i] {
			variance[i] += x * x
		}
		at += i
	}
}

// over writes mean and variances over points, and gives the divergence from N(0, I),
// E[½ z² − log |det df/dε|] − ½ (L + Σ log q_v): E ε² is known. z is workspace.
func (c *placer) over(points []float64, simplex bool, z, mean, variance []float64) (kl float64) {
	l, n := len(z), float64(len(points)/len(z))
	clear(mean)
	clear(variance)
	for at := 0; at < len(points); at += l {
		kl -= c.place(points[at:at+l], z)
		if simplex {
			softmaxRows(l, z)
		}
		for k, x := range z {
			mean[k] += x
			variance[k] += x * x
			kl += 0.5 * x * x
		}
	}
	kl /= n
	for k := range z {
		mean[k] /= n
		variance[k] = max(0, variance[k]/n-mean[k]*mean[k])
		kl -= 0.5 * (1 + math.Log(c.variance[k]))
	}
	return kl
}
