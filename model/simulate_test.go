package model

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// draw gives the counts of n cells of the given means and inverse dispersions,
// (n, genes) row-major.
func draw(n int, mu, theta []float64, item uint64) []float64 {
	rho := make([]float32, len(mu))
	for g := range mu {
		rho[g] = float32(mu[g])
	}
	rng := Stream(1, Simulation, 9, item)
	x, d := make([]float64, n*len(mu)), nbDrawer{}
	for i := range n {
		genes, counts := d.append(rng, rho, 1, theta, nil, nil)
		for k, g := range genes {
			x[i*len(mu)+int(g)] = counts[k]
		}
	}
	return x
}

// Draws have the negative binomial's mean and variance. Bounds are five standard
// errors of 40,000 draws.
func TestDrawNB(t *testing.T) {
	const n = 40000
	for i, c := range [][2]float64{{0.2, 0.5}, {5, 2}, {29, 10}, {31, 10}, {200, 3}, {3000, 0.7}} {
		mu, theta := float64(float32(c[0])), c[1]
		var sum, sq float64
		for _, x := range draw(n, []float64{mu}, []float64{theta}, uint64(i)) {
			sum += x
			sq += (x - mu) * (x - mu)
		}
		want := mu + mu*mu/theta
		if d := math.Abs(sum/n - mu); d > 5*math.Sqrt(want/n) {
			t.Errorf("mu %g theta %g: mean %g", mu, theta, sum/n)
		}
		if d := math.Abs(sq/n/want - 1); d > 5*math.Sqrt((2+6/theta+1/want)/n) {
			t.Errorf("mu %g theta %g: variance %g, want %g", mu, theta, sq/n, want)
		}
	}
}

// nbPMF is P(x) of a negative binomial, from the logarithms of its formula.
func nbPMF(x, mu, theta float64) float64 {
	a, _ := math.Lgamma(x + theta)
	b, _ := math.Lgamma(theta)
	c, _ := math.Lgamma(x + 1)
	return math.Exp(a - b - c - theta*math.Log1p(mu/theta) - x*math.Log1p(theta/mu))
}

// chiSquare compares counts of draws with their expectation, joining bins until
// each expects 10, and says where it lies above its 99.9% quantile. The seeds are
// fixed, so that a correct generator that passes once always passes.
func chiSquare(t *testing.T, what string, seen, expected []float64) {
	t.Helper()
	sum, bins, s, e := 0.0, 0, 0.0, 0.0
	for i := range seen {
		s, e = s+seen[i], e+expected[i]
		if e >= 10 {
			sum += (s - e) * (s - e) / e
			bins, s, e = bins+1, 0, 0
		}
	}
	if bins < 2 {
		t.Fatalf("%s: one bin tells nothing", what)
	}
	if limit := (distuv.ChiSquared{K: float64(bins - 1)}).Quantile(0.999); sum > limit {
		t.Errorf("%s: chi-square %.1f over %d bins, 99.9%% of correct draws are below %.1f", what, sum, bins, limit)
	}
}

// Every count comes as often as the negative binomial has it: by inversion and by
// Kemp's algorithm, in the first gene and behind others.
func TestDrawNBIsExact(t *testing.T) {
	const n = 200_000
	mu := []float64{0.01, 0.3, 1, 4, 25, 0.5, 30, 300, 40, 0.05, 2}
	theta := []float64{2, 0.4, 2, 8, 1, 100, 3, 1.5, 60, 0.1, 1e6}
	x := draw(n, mu, theta, 100)
	for g := range mu {
		m := float64(float32(mu[g]))
		top := int(m + 12*math.Sqrt(m+m*m/theta[g]) + 10)
		seen, expected := make([]float64, top+1), make([]float64, top+1)
		rest := float64(n)
		for k := range top {
			expected[k] = n * nbPMF(float64(k), m, theta[g])
			rest -= expected[k]
		}
		expected[top] = max(rest, 0) // and above
		for i := g; i < len(x); i += len(mu) {
			seen[min(int(x[i]), top)]++
		}
		chiSquare(t, fmt.Sprintf("mu %g theta %g", m, theta[g]), seen, expected)
	}
}

// Genes of a cell are independent, though they share one Poisson process.
func TestDrawNBGenesAreIndependent(t *testing.T) {
	const n, cap = 200_000, 6
	for _, c := range [][4]float64{{0.5, 1, 0.5, 2}, {3, 0.5, 0.7, 1}, {1, 30, 8, 2}} {
		mu, theta := []float64{c[0], c[2]}, []float64{c[1], c[3]}
		x := draw(n, mu, theta, 200)
		var seen, expected [cap * cap]float64
		p := [2][cap]float64{}
		for g := range p {
			rest := 1.0
			for k := range cap - 1 {
				p[g][k] = nbPMF(float64(k), float64(float32(mu[g])), theta[g])
				rest -= p[g][k]
			}
			p[g][cap-1] = rest
		}
		for i := range n {
			seen[int(min(x[2*i], cap-1))*cap+int(min(x[2*i+1], cap-1))]++
		}
		for a := range cap {
			for b := range cap {
				expected[a*cap+b] = n * p[0][a] * p[1][b]
			}
		}
		chiSquare(t, fmt.Sprint(c), seen[:], expected[:])
	}
}

// A simulated cell is a function of seed and number, whatever was drawn before it
// and beside it, with about the library asked for.
func TestSimulator(t *testing.T) {
	cfg := DefaultConfig()
	cfg.NInput, cfg.NBatch = 400, 3
	s := NewSimulator(cfg, 4, 1500, 2)
	w, d, total := s.NewDrawer(), new(Drawing), 0.0
	for b := range 3 {
		w.Draw(b, DrawBlock, d)
		for _, x := range d.Counts {
			total += x
		}
	}
	// mean of a log-normal with sigma 0.35 is exp(0.06) times its median
	if mean := total / 3 / DrawBlock; mean < 1400 || mean > 1800 {
		t.Errorf("mean library is %g, asked for a median of 1500", mean)
	}
	again := NewSimulator(cfg, 4, 1500, 2)
	e := new(Drawing)
	again.NewDrawer().Draw(2, 5, e) // fewer cells, and none before them
	end := d.Indptr[5]
	if !slices.Equal(e.Indptr, d.Indptr[:6]) || !slices.Equal(e.Genes, d.Genes[:end]) || !slices.Equal(e.Counts, d.Counts[:end]) ||
		!slices.Equal(e.Label, d.Label[:5]) || !slices.Equal(e.Batch, d.Batch[:5]) || !slices.Equal(e.Latent, d.Latent[:5*cfg.NLatent]) {
		t.Error("cells 256 to 260 differ between two simulators of one seed")
	}
}

// BenchmarkSimulate draws cells × 2,000 genes, about 15% nonzero.
func BenchmarkSimulate(b *testing.B) {
	cfg := DefaultConfig()
	cfg.NInput, cfg.NBatch = 2000, 4
	s := NewSimulator(cfg, 8, 600, 0)
	w, d, cells, nnz := s.NewDrawer(), new(Drawing), 0, 0
	for b.Loop() {
		w.Draw(cells/DrawBlock, DrawBlock, d)
		cells, nnz = cells+DrawBlock, nnz+len(d.Genes)
	}
	b.ReportMetric(float64(cells)/b.Elapsed().Seconds(), "cells/s")
	b.ReportMetric(float64(nnz)/float64(cells)/2000*100, "%nonzero")
}
