package de

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkEffect is one gene of 5,000 draws of 1,300 and of 2,800 cells.
func BenchmarkEffect(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	p := Pairs{}
	p.X, p.One = drawOf(rng, cellMeans(rng, 1300, 1), 5000, []float64{0})
	p.Y, p.Two = drawOf(rng, cellMeans(rng, 2800, 1), 5000, []float64{0})
	work, change := &Scratch{}, Change{Delta: 0.25, Pseudocounts: 1e-7}
	for b.Loop() {
		change.Effect(p, work)
	}
}
