package vi_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"cellvi/model"
	"cellvi/model/vi"
)

// programs are cells × 2,000 genes that three programs of genes make differ.
func programs(n int) *model.Cells {
	const genes = 2000
	rng := rand.New(rand.NewPCG(1, 2))
	rate, effect := make([]float64, genes), make([]float64, 3*genes)
	for g := range rate {
		rate[g] = 0.08 * math.Exp(1.3*rng.NormFloat64())
	}
	for i := range effect {
		effect[i] = 0.7 * rng.NormFloat64()
	}
	c := model.NewCells(model.Width{Genes: genes}, n, model.Extent{})
	for i := range n {
		a, b, d := rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()
		var at []int32
		var counts []float32
		for g, r := range rate {
			mu := r * math.Exp(a*effect[g]+b*effect[genes+g]+d*effect[2*genes+g])
			if x := math.Floor(mu*rng.ExpFloat64() + rng.Float64()); x > 0 {
				at, counts = append(at, int32(g)), append(counts, float32(x))
			}
		}
		c.Append(at, counts, model.Covariates{}, int64(i))
	}
	return c
}

// numbers are from … to−1.
func numbers[T int | int32](from, to int) []T {
	rows := make([]T, to-from)
	for i := range rows {
		rows[i] = T(from + i)
	}
	return rows
}

// BenchmarkRefine fits the posteriors of 128 cells × 2,000 genes of a model of ten epochs from its
// encoder's, on one thread: reading, encoding and fitting. Its metric is cells a second, and points a cell.
func BenchmarkRefine(b *testing.B) {
	const train = 2048
	cells := programs(train + 128)
	cfg := model.DefaultConfig()
	cfg.NInput, cfg.NBatch = 2000, 1
	v := model.New[float32](cfg)
	v.Initialize(0)
	opt := model.DefaultTrain(train)
	opt.MaxEpochs, opt.KL.Epochs = 10, 2
	tr := model.NewTrainer(v, cells, numbers[int](0, train), nil, opt)
	defer tr.Close()
	for !tr.Done() {
		if _, err := tr.Epoch(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	e := model.NewEvaluator(v, 1)
	for _, family := range []vi.Family{vi.Diag, vi.Full, vi.Mixture, vi.Flow} {
		b.Run(string(family), func(b *testing.B) {
			points, o := 0, vi.DefaultOptions(family)
			for b.Loop() {
				err := e.Conditionals(context.Background(), cells, numbers[int32](train, train+128), func(c *model.Conditional) error {
					o.Keys = c.Keys()
					for _, f := range vi.Fit(c, c.Encoded(), o) {
						points += f.Evaluations
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*128/b.Elapsed().Seconds(), "cells/s")
			b.ReportMetric(float64(points)/float64(b.N)/128, "points/cell")
		})
	}
}
