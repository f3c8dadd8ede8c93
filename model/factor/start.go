package factor

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// startCells is how many cells the start is taken of.
const startCells = 16384

// Noise below this share of the mean variance of genes is taken for this: a gene that
// is hardly ever found would otherwise outweigh all others.
const leastNoise = 1e-3

// Start draws where the fit begins: means and variances of the genes over a sample of
// the cells, and small random loadings.
func (f *Fit) Start(ctx context.Context) error {
	s := f.s
	for j := range f.genes.Tau {
		f.genes.Tau[j] = 1
	}
	f.priors.Cell = 1
	f.shareLocal()
	rows := f.order(0)[:min(f.n, startCells)]
	slices.Sort(rows)
	if err := f.gather(ctx, rows, f.part); err != nil {
		return err
	}
	mean, variance := make([]float64, s.genes), make([]float64, s.genes)
	scale, squares := 0.0, 0.0
	for j := range s.genes {
		n := f.part.Cells
		if f.part.Out != nil {
			n -= f.part.Out[j*triangle(s.m)]
		}
		n = max(n, 1)
		mean[j] = f.part.Y[j*s.m] / n
		variance[j] = max(f.part.YY[j]/n-mean[j]*mean[j], 0)
		scale += variance[j] / float64(s.genes)
		squares += f.part.YY[j] / n / float64(s.genes)
	}
	if !(scale > 1e-12*squares) { // less is rounding
		return ErrNothing
	}
	f.floor = leastNoise * scale
	f.begin(mean, variance, scale)
	return nil
}

// begin sets genes and priors.
func (f *Fit) begin(mean, variance []float64, scale float64) {
	s := f.s
	var p rand.PCG
	stream(&p, f.o.Seed, forLoadings, 0)
	rng := rand.New(&p)
	for k := range f.priors.Loadings {
		f.priors.Loadings[k] = scale / float64(s.k)
	}
	f.priors.Cell, f.priors.Gene, f.priors.Mu = scale, 0, total(mean)/float64(s.genes)
	for j := range s.genes {
		f.genes.Tau[j] = 1 / max(variance[j], f.floor)
		if f.o.OneNoise {
			f.genes.Tau[j] = 1 / scale
		}
		f.genes.Mean[j*s.d] = mean[j]
		f.priors.Gene += (mean[j] - f.priors.Mu) * (mean[j] - f.priors.Mu) / float64(s.genes)
		spread := max(variance[j], f.floor) / float64(s.k)
		for r := range s.d {
			small := 1e-3 * spread
			f.genes.Cov[(j*s.d+r)*s.d+r] = small
			f.genes.LogDet[j] -= math.Log(small)
			if r > 0 {
				f.genes.Mean[j*s.d+r] = math.Sqrt(0.1*spread) * rng.NormFloat64()
			}
		}
	}
	f.priors.Gene = max(f.priors.Gene, f.floor)
}
