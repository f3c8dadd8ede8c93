package model

import (
	"fmt"
	"math"

	"cellvi/model/kernel"
)

// libraryPrior is what a latent library size is drawn from: log l ~ N(mean, variance)
// of the cell's batch.
type libraryPrior[T kernel.Float] struct{ mean, variance []T } // (NBatch)

func newLibraryPrior[T kernel.Float](batches int) libraryPrior[T] {
	p := libraryPrior[T]{make([]T, batches), make([]T, batches)}
	for i := range p.variance {
		p.variance[i] = 1
	}
	return p
}

// SetLibraryPrior sets mean and variance of log l of each batch, see LibraryMoments.
// A model whose library size is observed has no prior, and ignores it.
func (v *VAE[T]) SetLibraryPrior(mean, variance []float64) error {
	return v.SetLibraryPriorFrom(0, mean, variance)
}

// SetLibraryPriorFrom sets the prior of the batches from first on, and leaves the others.
func (v *VAE[T]) SetLibraryPriorFrom(first int, mean, variance []float64) error {
	if v.lib == nil {
		return nil
	}
	if n := v.NBatch - first; len(mean) != n || len(variance) != n {
		return fmt.Errorf("%d means and %d variances of library sizes for %d batches from number %d on", len(mean), len(variance), n, first)
	}
	for i := range mean {
		v.libPrior.mean[first+i], v.libPrior.variance[first+i] = T(mean[i]), T(variance[i])
	}
	return nil
}

// LibraryMoments takes in cells' total counts, and gives mean and population variance
// of their logarithms by batch, as scvi-tools' prior of a latent library size has
// them: that of a cell without counts is taken as 0, and a batch without cells has
// mean 0 and variance 1.
type LibraryMoments struct {
	n         []int
	mean, sum []float64 // Welford's
}

// NewLibraryMoments is of so many batches.
func NewLibraryMoments(batches int) *LibraryMoments {
	return &LibraryMoments{make([]int, batches), make([]float64, batches), make([]float64, batches)}
}

// Add takes in a cell.
func (l *LibraryMoments) Add(batch int32, total float64) {
	x := 0.0
	if total > 0 {
		x = math.Log(total)
	}
	l.n[batch]++
	d := x - l.mean[batch]
	l.mean[batch] += d / float64(l.n[batch])
	l.sum[batch] += d * (x - l.mean[batch])
}

// Prior gives each batch's mean and variance. A variance of 0, of one cell or of
// cells with equal totals, is an error: no normal distribution has it.
func (l *LibraryMoments) Prior() (mean, variance []float64, err error) {
	for i, n := range l.n {
		m, v := 0.0, 1.0
		if n > 0 {
			m, v = l.mean[i], l.sum[i]/float64(n)
		}
		if !(v > 0) && err == nil {
			err = fmt.Errorf("batch %d: its %d cells have no variance of total counts", i, n)
		}
		mean, variance = append(mean, m), append(variance, v)
	}
	return mean, variance, err
}

// kl writes each cell's KL(N(m, q) ‖ N(mp, vp)) of log l, ½ log(vp/q) +
// (q + (m−mp)²)/(2 vp) − ½, vp and mp its batch's.
func (p libraryPrior[T]) kl(batch []int32, mean, variance []T, kl []float64) {
	for i, b := range batch {
		q, d, vp := float64(variance[i]), float64(mean[i]-p.mean[b]), float64(p.variance[b])
		kl[i] = 0.5*math.Log(vp/q) + (q+d*d)/(2*vp) - 0.5
	}
}

// backward adds the divergence's gradient, weighted by w for each cell, to what comes
// from the drawn log l, and gives the gradients at the encoder's outputs.
func (p libraryPrior[T]) backward(w T, batch []int32, dl, mean, variance, noise, dmean, draw []T) {
	for i, d := range dl {
		dmean[i], draw[i] = drawBackward(w, d, noise[i], mean[i], variance[i], p.mean[batch[i]], p.variance[batch[i]])
	}
}
