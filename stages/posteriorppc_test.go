package stages

import (
	"math"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/io/results"
	"cellvi/model"
	"cellvi/pipeline"
)

// normalChecks are checks of 40 genes of a model of the normal likelihood.
func normalChecks(t *testing.T, draws int) *checks {
	cfg := model.DefaultConfig()
	cfg.NInput, cfg.NHidden, cfg.GeneLikelihood = 40, 4, "normal"
	f := &fitted{vae: model.New[float32](cfg), p: &prepared{}, card: &modelCard{}}
	a := &asked{fitted: f}
	for i := range evalCells {
		f.p.Row, a.rows = append(f.p.Row, int32(i)), append(a.rows, int32(i))
	}
	for g := range cfg.NInput {
		a.genes, f.card.Genes = append(a.genes, g), append(f.card.Genes, "")
	}
	d := &drawing{asked: a, job: pipeline.NewJob(zerolog.Nop(), nil, 1, 0), kind: ppcKind, draws: draws}
	c := &checks{drawing: d}
	check(t, c.plan())
	return c
}

// TestChecksOfTheModelItself: of data that are drawn from the model, credible intervals
// hold what they should. The interval from p to q of S draws, between two of them
// linearly, holds (S − 1)(q − p)/(S + 1) of a further one.
func TestChecksOfTheModelItself(t *testing.T) {
	const draws = 150
	for _, wide := range []bool{false, true} {
		c := normalChecks(t, draws)
		n, genes := evalCells, c.vae.NInput
		x := &model.Generated{N: n, Library: make([]float32, n), Scale: make([]float32, n*genes), Theta: make([]float32, n*genes), Counts: make([]float32, n*genes)}
		for i := range x.Scale {
			x.Library[i%n], x.Scale[i], x.Theta[i] = 3, float32(i%7), 1+float32(i%3)
		}
		other := model.NewPredictive(c.vae.Config, 99)
		for i := range n {
			other.Draw(x, i, int64(i), c.drawing.genes, x.Counts[i*genes:(i+1)*genes])
		}
		if wide { // the model's draws are half as far apart as the data are
			for i := range x.Theta {
				x.Theta[i] /= 2
			}
		}
		cells := &cellChecks{}
		cells.begin(0, n, draws)
		b := &checkBlock{checks: c, cells: cells, genes: c.drawing.genes, parts: make([]*geneChecks, 1)}
		for x.Sample = range draws {
			check(t, b.take(x))
		}
		c.genes.add(b.parts[0], 0)
		for j, in := range c.intervals {
			inside := 0.0
			for _, v := range c.genes.inside[j*genes : (j+1)*genes] {
				inside += float64(v) / float64(n*genes)
			}
			want := (in.upper - in.lower) * (draws - 1) / (draws + 1)
			calibrated := math.Abs(inside-want) < 5*math.Sqrt(want*(1-want)/float64(n*genes))
			if calibrated == wide {
				t.Errorf("too narrow: %v: the interval from %v to %v holds %.3f, want %.3f", wide, in.lower, in.upper, inside, want)
			}
		}
	}
}

// TestPPCTable: what is said of the counts is theirs, and of the draws that of those
// that predictive writes for the same seed.
func TestPPCTable(t *testing.T) {
	x := plantedTable()
	l := fittedTable(t, x, 3)
	const draws = 4
	of := []*results.Table{posteriorTable(t, l, ppcKind, "genes", samples(draws)), nil}
	var err error
	of[1], err = results.Read(inDir(l.Posterior(ppcKind), "cells"))
	check(t, err)
	predicted := make([][][]float64, draws)
	for s := range predicted {
		predicted[s] = make([][]float64, plantedCells)
		for i := range predicted[s] {
			predicted[s][i] = make([]float64, plantedGenes)
		}
	}
	table := posteriorTable(t, l, predictiveKind, "counts", samples(draws))
	for i, c := range table.Column("count").Int32 {
		predicted[table.Column("sample").Int32[i]][table.Column("cell").Int32[i]][table.Column("gene").Int32[i]] = float64(c)
	}
	for axis, n := range []int{plantedGenes, plantedCells} {
		for i := range n {
			cv, zeros := spreadOf(along(x.rows, axis, i))
			near(t, "cv of the counts", of[axis].Column("cv_raw").Float64[i], cv)
			near(t, "zeros of the counts", of[axis].Column("zero_fraction_raw").Float64[i], zeros)
			var cvs, share float64
			with := 0.0
			for _, p := range predicted {
				cv, zeros := spreadOf(along(p, axis, i))
				share += zeros / draws
				if zeros < 1 { // otherwise there is none
					cvs, with = cvs+cv, with+1
				}
			}
			near(t, "zeros of the draws", of[axis].Column("zero_fraction_model").Float64[i], share)
			if got := of[axis].Column("cv_model").Float64[i]; with > 0 || !math.IsNaN(got) {
				near(t, "cv of the draws", got, cvs/with)
			}
		}
	}
}

// along is column i of a table where axis is 0, else row i.
func along(rows [][]float64, axis, i int) (x []float64) {
	if axis == 1 {
		return rows[i]
	}
	for _, row := range rows {
		x = append(x, row[i])
	}
	return x
}

// spreadOf is the coefficient of variation and the share of zeros.
func spreadOf(x []float64) (cv, zeros float64) {
	mean, square := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
		if v == 0 {
			zeros += 1 / float64(len(x))
		}
	}
	for _, v := range x {
		square += (v - mean) * (v - mean) / float64(len(x))
	}
	if mean == 0 {
		return 0, zeros
	}
	return math.Sqrt(square) / mean, zeros
}
