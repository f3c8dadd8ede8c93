package model

import (
	"math"
	"testing"
)

// Draws have the negative binomial's mean and variance, by inversion and as
// gamma-Poisson. Bounds are five standard errors of 40,000 draws.
func TestDrawNB(t *testing.T) {
	const n = 40000
	for _, c := range [][2]float64{{0.2, 0.5}, {5, 2}, {29, 10}, {31, 10}, {200, 3}} {
		mu, theta := c[0], c[1]
		rng := Stream(1, Simulation, 9, uint64(mu*100))
		var sum, sq float64
		for range n {
			x := drawNB(rng, mu, theta)
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

// A simulated cell is a function of seed and number, with about the library asked for.
func TestSimulator(t *testing.T) {
	cfg := DefaultConfig()
	cfg.NInput, cfg.NBatch = 400, 3
	s := NewSimulator(cfg, 4, 1500, 2)
	p := s.NewPass()
	a, _ := s.Draw(7, p), s.Draw(8, p)
	b := NewSimulator(cfg, 4, 1500, 2).Draw(7, s.NewPass())
	if len(a.Genes) != len(b.Genes) || a.Label != b.Label || a.Counts[0] != b.Counts[0] {
		t.Error("cell 7 differs between two simulators of one seed")
	}
	total := 0.0
	for i := range 300 {
		for _, x := range s.Draw(i, p).Counts {
			total += x
		}
	}
	// mean of a log-normal with sigma 0.35 is exp(0.06) times its median
	if mean := total / 300; mean < 1400 || mean > 1800 {
		t.Errorf("mean library is %g, asked for a median of 1500", mean)
	}
}
