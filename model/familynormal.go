package model

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// normal writes the normal distribution of cell b's z before any softmax: its mean (L),
// and in rows of ld numbers the lower triangle of its covariance's Cholesky factor. Of a
// flow it is the one of the same mean and covariance, over points.
func (p *Pass[T]) normal(b int, points, mean, chol []float64, ld int) {
	l, c := p.vae.NLatent, placer{}
	if p.vae.Posterior == Diagonal {
		for k := range l {
			mean[k], chol[k*ld+k] = float64(p.enc.mean[b*l+k]), math.Sqrt(float64(p.enc.variance[b*l+k]))
		}
		return
	}
	p.placer(b, &c)
	if points != nil {
		c.match(points)
	}
	copy(mean, c.mean)
	at := 0
	for i := range l {
		copy(chol[i*ld:], c.lower[at:at+i])
		chol[i*ld+i] = c.deviation[i]
		at += i
	}
}

// match makes c the normal distribution of its mean and covariance over points.
func (c *placer) match(points []float64) {
	l := len(c.mean)
	n := len(points) / l
	z, mean := mat.NewDense(n, l, nil), make([]float64, l)
	for i := range n {
		c.place(slot(points, i, l), z.RawRowView(i))
		for k, x := range z.RawRowView(i) {
			mean[k] += x / float64(n)
		}
	}
	for i := range n {
		for k := range l {
			z.RawRowView(i)[k] -= mean[k]
		}
	}
	var cov mat.SymDense
	cov.SymOuterK(1/float64(n), z.T())
	var chol mat.Cholesky
	if !chol.Factorize(&cov) {
		return // nothing but rounding makes it so: C without f then
	}
	var lower mat.TriDense
	chol.LTo(&lower)
	copy(c.mean, mean)
	at := 0
	for i := range l {
		for j := range i {
			c.lower[at+j] = lower.At(i, j)
		}
		c.deviation[i] = lower.At(i, i)
		at += i
	}
}
