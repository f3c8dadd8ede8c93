package model

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// sparseCells draws cells whose counts look like common data's: 15% nonzero,
// gene means log-normal, most counts small.
func sparseCells(n, genes int) *Cells {
	rng := rand.New(rand.NewPCG(1, 2))
	rate := make([]float64, genes)
	for g := range rate {
		rate[g] = 0.12 * math.Exp(1.3*rng.NormFloat64())
	}
	c := &Cells{NGenes: genes, Indptr: []int64{0}}
	for i := range n {
		for g, r := range rate {
			if x := math.Floor(r*rng.ExpFloat64() + 0.15*rng.Float64()/0.15); x > 0 {
				c.Genes, c.Counts = append(c.Genes, int32(g)), append(c.Counts, float32(x))
			}
		}
		c.Indptr, c.Batch = append(c.Indptr, int64(len(c.Genes))), append(c.Batch, int32(i%4))
	}
	return c
}

// BenchmarkEpoch trains one epoch of 4,096 cells × 2,000 genes.
func BenchmarkEpoch(b *testing.B) {
	cells := sparseCells(4096, 2000)
	b.Logf("%.1f%% nonzero", 100*float64(len(cells.Genes))/4096/2000)
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			cfg := DefaultConfig()
			cfg.NInput, cfg.NBatch = 2000, 4
			v := New[float32](cfg)
			v.Initialize(0)
			opt := DefaultTrain(4096)
			opt.Threads = threads
			tr := NewTrainer(v, cells, all(cells), nil, opt)
			defer tr.Close()
			for b.Loop() {
				if _, err := tr.Epoch(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*4096/b.Elapsed().Seconds(), "cells/s")
		})
	}
}

// BenchmarkPosterior embeds 4,096 cells × 2,000 genes.
func BenchmarkPosterior(b *testing.B) {
	cells := sparseCells(4096, 2000)
	cfg := DefaultConfig()
	cfg.NInput, cfg.NBatch = 2000, 4
	v := New[float32](cfg)
	v.Initialize(0)
	e := NewEvaluator(v, 2)
	mean := make([]float32, 4096*10)
	for b.Loop() {
		if err := e.Posterior(context.Background(), cells, mean, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*4096/b.Elapsed().Seconds(), "cells/s")
}
