package model

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"cellvi/model/vi"
)

// sparseCells draws cells whose counts look like common data's: 15% nonzero,
// gene means log-normal, most counts small.
func sparseCells(n, genes int) *Cells {
	rng := rand.New(rand.NewPCG(1, 2))
	rate := make([]float64, genes)
	for g := range rate {
		rate[g] = 0.08 * math.Exp(1.3*rng.NormFloat64())
	}
	c := NewCells(Width{Genes: genes}, n, Extent{})
	for i := range n {
		var at []int32
		var counts []float32
		for g, r := range rate {
			if x := math.Floor(r*rng.ExpFloat64() + rng.Float64()); x > 0 {
				at, counts = append(at, int32(g)), append(counts, float32(x))
			}
		}
		c.Append(at, counts, Covariates{Batch: int32(i % 4)}, int64(i))
	}
	return c
}

// BenchmarkEpoch trains one epoch of 4,096 cells × 2,000 genes.
func BenchmarkEpoch(b *testing.B) {
	cells := sparseCells(4096, 2000)
	b.Logf("%.1f%% nonzero", 100*float64(cells.Extent().Nonzeros)/4096/2000)
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			cfg := DefaultConfig()
			cfg.NInput, cfg.NBatch = 2000, 4
			benchEpoch(b, cfg, cells, threads)
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
		if err := e.Posterior(context.Background(), cells, rows32(4096), mean, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*4096/b.Elapsed().Seconds(), "cells/s")
}

// BenchmarkConditional evaluates log p(x, z) at one point of each of 128 cells × 2,000
// genes, on one thread.
func BenchmarkConditional(b *testing.B) {
	cells := sparseCells(evalBatch, 2000)
	cfg := DefaultConfig()
	cfg.NInput, cfg.NBatch = 2000, 4
	v := New[float32](cfg)
	v.Initialize(0)
	l := cfg.NLatent
	problems, u := make([]int, evalBatch), make([]float64, evalBatch*l)
	for i := range problems {
		problems[i] = i
	}
	for _, what := range []string{"density", "gradient", "curvature"} {
		b.Run(what, func(b *testing.B) {
			to := vi.Values{LogP: make([]float64, evalBatch)}
			switch what {
			case "gradient":
				to.Grad = make([]float64, len(u))
			case "curvature":
				to.Curvature = make([]float64, len(u)*l)
			}
			err := NewEvaluator(v, 1).Conditionals(context.Background(), cells, rows32(evalBatch), func(c *Conditional) error {
				for b.Loop() {
					c.Evaluate(problems, u, to)
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*evalBatch), "µs/cell")
		})
	}
}

// BenchmarkFamily trains each part of the model that the reference has in alternation
// with nb, epoch by epoch, so that a change of the machine's speed meets both: its
// metric is the median of the times' ratios. See bench/results/family-*.md.
func BenchmarkFamily(b *testing.B) {
	cells := familyCells(4096, 2000)
	for _, v := range []struct {
		name string
		set  func(c *Config)
	}{
		{"nb", func(*Config) {}},
		{"zinb", func(c *Config) { c.GeneLikelihood = "zinb" }},
		{"posterior-full", func(c *Config) { c.Posterior = Full }},
		{"posterior-flow", func(c *Config) { c.Posterior = Flow }},
		{"poisson", func(c *Config) { c.GeneLikelihood = "poisson" }},
		{"normal", func(c *Config) { c.GeneLikelihood = "normal" }},
		{"categorical-covariate", func(c *Config) { c.NCatsPerCov = []int{5} }},
		{"two-layers", func(c *Config) { c.NLayers = 2 }},
		{"gene-batch", func(c *Config) { c.Dispersion = "gene-batch" }},
		{"gene-cell", func(c *Config) { c.Dispersion = "gene-cell" }},
		{"zinb-gene-cell", func(c *Config) { c.Dispersion, c.GeneLikelihood = "gene-cell", "zinb" }},
		{"latent-library", func(c *Config) { c.UseObservedLibSize = false }},
		{"size-factor", func(c *Config) { c.UseSizeFactor = true }},
		{"linear", func(c *Config) { c.Model = LinearSCVI }},
		{"autozi", func(c *Config) { c.Model, c.GeneLikelihood = AutoZI, "zinb" }},
	} {
		b.Run(v.name, func(b *testing.B) {
			plain, cfg := familyConfig(), familyConfig()
			v.set(&cfg)
			benchBeside(b, plain, cells(0), cfg, cells(len(cfg.NCatsPerCov)))
		})
	}
}

func familyConfig() Config {
	cfg := DefaultConfig()
	cfg.NInput, cfg.NBatch = 2000, 6
	return cfg
}

// benchBeside alternates epochs of two models.
func benchBeside(b *testing.B, plain Config, cells *Cells, cfg Config, others *Cells) {
	one, other := benchTrainer(plain, cells, 2), benchTrainer(cfg, others, 2)
	defer one.Close()
	defer other.Close()
	var ratios, seconds []float64
	for b.Loop() {
		base, time := benchSeconds(b, one), benchSeconds(b, other)
		ratios, seconds = append(ratios, time/base), append(seconds, time)
	}
	slices.Sort(ratios)
	slices.Sort(seconds)
	b.ReportMetric(ratios[len(ratios)/2], "times-nb")
	b.ReportMetric(float64(cells.Len())/seconds[len(seconds)/2], "cells/s")
}

func benchSeconds(b *testing.B, tr *Trainer) float64 {
	start := time.Now()
	if _, err := tr.Epoch(context.Background()); err != nil {
		b.Fatal(err)
	}
	return time.Since(start).Seconds()
}

// familyCells gives sparseCells with six batches and some categorical covariates.
func familyCells(n, genes int) func(cats int) *Cells {
	from := sparseCells(n, genes)
	return func(cats int) *Cells {
		c := NewCells(Width{Genes: genes, Cats: cats}, n, from.Extent())
		for i := range n {
			at, counts := from.Row(i)
			cov := Covariates{Batch: int32(i % 6), SizeFactor: 1}
			for range cats {
				cov.Cats = append(cov.Cats, int32(i/6%5))
			}
			c.Append(at, counts, cov, int64(i))
		}
		return c
	}
}

func benchEpoch(b *testing.B, cfg Config, cells *Cells, threads int) {
	tr := benchTrainer(cfg, cells, threads)
	defer tr.Close()
	for b.Loop() {
		benchSeconds(b, tr)
	}
	b.ReportMetric(float64(b.N)*float64(cells.Len())/b.Elapsed().Seconds(), "cells/s")
}

func benchTrainer(cfg Config, cells *Cells, threads int) *Trainer {
	v := New[float32](cfg)
	v.Initialize(0)
	opt := DefaultTrain(cells.Len())
	opt.Threads, opt.MaxEpochs = threads, 1<<20
	return NewTrainer(v, cells, all(cells), nil, opt)
}
