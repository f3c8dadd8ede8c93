package stages

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"sync"

	"cellvi/io/results"
	"cellvi/model"
	"cellvi/model/tails"
	"cellvi/pipeline"
)

// judge holds every count to what the model predicts of it, a group of cells after
// another. It keeps sums by gene and by cell, and of the counts only those that may turn
// out to be anomalies.
type judge struct {
	*asked
	options AnomalyOptions
	job     *pipeline.Job
	e       *model.Evaluator
	workers sync.Pool // of *judging

	levels *tails.Levels
	genes  []geneJudged // of all genes
	cells  []cellJudged // of all cells
	calibration
	tests, candidates int64
}

// candidate is a count that may be an anomaly. Its fields are exported for encoding/binary.
type candidate struct {
	Cell, Gene                   int32 // of rows; of the model
	High                         bool
	Count, Mean, Lower, Upper, P float64
}

// judged is what came out of a minibatch.
type judged struct {
	candidates []candidate
	genes      []geneJudged
	cells      []cellJudged
	calibration
	tests int64
}

// judgedGroup is that of a group of cells from … to−1 of rows.
type judgedGroup struct {
	from, to int
	parts    []judged
	scores   []results.Column // of the genes; nil: not asked for
}

// anomalyCells is the cells of a group: whole minibatches, each of which keeps sums until
// all are there, so that they are added in order for any number of threads.
const anomalyCells = 16 * evalCells

// newJudge refuses what does not fit the budget.
func newJudge(o AnomalyOptions, a *asked, job *pipeline.Job) (*judge, error) {
	j := &judge{asked: a, options: o, job: job, levels: tails.NewLevels(),
		genes: make([]geneJudged, len(a.genes)), cells: make([]cellJudged, len(a.rows))}
	j.workers.New = func() any { return newJudging(j) }
	return j, j.drawing().fits(j.bytes(), "drop --scores")
}

// drawing is what every output of a posterior starts from.
func (j *judge) drawing() *drawing { return &drawing{asked: j.asked, job: j.job, kind: "anomaly"} }

// bytes is what judging takes beside the evaluation.
func (j *judge) bytes() int64 {
	genes, cells, threads := int64(len(j.asked.genes)), int64(len(j.rows)), int64(j.job.Threads)
	group := 2 * (anomalyCells/evalCells*genes*geneJudgedBytes + anomalyCells*(nameBytes+cellJudgedBytes) +
		int64(j.options.cut()*anomalyCells*float64(genes))*candidateBytes)
	if j.options.Scores {
		group += 2 * anomalyCells * genes * 4
	}
	return 2*tails.LevelsBytes + genes*geneJudgedBytes + cells*(cellJudgedBytes+8) + group + threads*(genes*64+conditionalBytes(j.vae.Config))
}

// conditionalBytes is about what fitting a minibatch's posteriors takes beside its evaluation:
// tangents of the decoder's last layer and of some outputs.
func conditionalBytes(cfg model.Config) int64 {
	return 4 * evalCells * int64(cfg.NLatent+2) * int64(max(cfg.NHidden, cfg.NLatent)+3*evalCells)
}

// write makes the files of the folder.
func (j *judge) write(ctx context.Context, dir string) (err error) {
	kept, err := createSpill(filepath.Join(dir, "candidates"))
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, kept.remove()) }()
	scores, err := j.createScores(dir)
	if err != nil {
		return err
	}
	j.e = model.NewEvaluator(j.vae, j.job.Threads)
	j.job.Progress.Begin("judging", "cells", int64(len(j.rows)))
	defer j.job.Progress.End()
	var groups []bounds
	for at := 0; at == 0 || at < len(j.rows); at += anomalyCells {
		groups = append(groups, bounds{at, min(at+anomalyCells, len(j.rows))})
	}
	err = overlap(groups,
		func(g *judgedGroup, from, to int) error { return j.compute(ctx, g, from, to) },
		func(g *judgedGroup) error {
			if err := j.take(g, kept); err != nil || scores == nil {
				return err
			}
			return j.writeScores(scores, g)
		})
	if scores != nil {
		err = cmp.Or(err, scores.Close())
	}
	if err != nil {
		return err
	}
	return j.settle(dir, kept)
}

// compute judges a group of cells.
func (j *judge) compute(ctx context.Context, g *judgedGroup, from, to int) error {
	g.from, g.to = from, to
	n := to - from
	g.parts = resized(g.parts, (n+evalCells-1)/evalCells)
	if j.options.Scores {
		g.scores = j.scoreColumns(g.scores, n)
	}
	err := j.e.Conditionals(ctx, j.source, j.rows[from:to], func(c *model.Conditional) error {
		w := j.workers.Get().(*judging)
		defer j.workers.Put(w)
		w.out = &g.parts[c.First/evalCells]
		w.out.begin(len(j.genes), c.N)
		w.first, w.scores = from+c.First, nil
		if g.scores != nil {
			w.scores, w.scoresAt = g.scores, c.First
		}
		if err := w.minibatch(c); err != nil {
			return err
		}
		slices.SortFunc(w.out.candidates, func(a, b candidate) int { return cmp.Or(cmp.Compare(a.Cell, b.Cell), cmp.Compare(a.Gene, b.Gene)) })
		return ctx.Err()
	})
	j.job.Progress.Add(int64(n))
	return err
}

// take adds a group, in the order of cells.
func (j *judge) take(g *judgedGroup, kept *spill) error {
	for i := range g.parts {
		p := &g.parts[i]
		for k := range p.genes {
			j.genes[k].add(&p.genes[k])
		}
		copy(j.cells[g.from+i*evalCells:], p.cells)
		j.add(&p.calibration)
		j.tests += p.tests
		for _, c := range p.candidates {
			j.levels.Add(c.P)
			if err := kept.put(c); err != nil {
				return err
			}
		}
		j.candidates += int64(len(p.candidates))
	}
	return nil
}

// begin clears it for n cells.
func (p *judged) begin(genes, n int) {
	p.candidates, p.genes, p.cells = p.candidates[:0], resized(p.genes, genes), resized(p.cells, n)
	clear(p.genes)
	clear(p.cells)
	p.calibration, p.tests = calibration{}, 0
}
