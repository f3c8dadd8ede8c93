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
	log     *pieceLog // of groups

	group  int // cells; Anomaly.begin sets it
	levels *tails.Levels
	genes  []geneJudged // of all genes
	cells  []cellJudged // of all cells
	calibration
	tests, candidates int64
	kept              int // cells in the log
}

// candidate is a count that may be an anomaly.
type candidate struct {
	Cell, Gene                   int32 // of rows; of the model
	High                         bool
	Count, Mean, Lower, Upper, P float64
}

// judged is what came out of a minibatch, or of a group of them.
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
	parts    []judged         // of the minibatches
	sums     judged           // of all parts
	scores   []results.Column // of the genes; nil: not asked for
	again    bool             // an earlier run judged it
}

// anomalyCells is the cells of a group: whole minibatches, each of which keeps sums until
// all are there, so that they are added in order for any number of threads. A group is what
// a run that is killed has to judge again.
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

// bytes is what judging takes beside the evaluation: two groups, one of which is judged
// while the other is written, and a piece of the log.
func (j *judge) bytes() int64 {
	genes, cells, threads := int64(len(j.asked.genes)), int64(len(j.rows)), int64(j.job.Threads)
	sums := anomalyCells*cellJudgedBytes + int64(j.options.cut()*anomalyCells*float64(genes))*candidateBytes
	scores := int64(0)
	if j.options.Scores {
		scores = anomalyCells * genes * 4
	}
	group := (anomalyCells/evalCells+1)*genes*geneJudgedBytes + 2*sums + anomalyCells*nameBytes + scores
	piece := genes*geneJudgedBytes + sums + scores
	return 2*tails.LevelsBytes + genes*geneJudgedBytes + cells*(cellJudgedBytes+8) + 2*group + piece + threads*(genes*64+conditionalBytes(j.vae.Config))
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
	for at := 0; at == 0 || at < len(j.rows); at += j.group {
		groups = append(groups, bounds{at, min(at+j.group, len(j.rows))})
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

// compute judges a group of cells, where no earlier run did.
func (j *judge) compute(ctx context.Context, g *judgedGroup, from, to int) (err error) {
	g.from, g.to = from, to
	if j.options.Scores {
		g.scores = j.scoreColumns(g.scores, to-from)
	}
	if err := ctx.Err(); err != nil { // what is in the log may take its time too
		return err
	}
	g.again, err = j.log.next(func(piece []byte) (bool, error) { return g.decode(piece, len(j.genes)), nil })
	if err != nil {
		return err
	}
	if g.again {
		j.job.Progress.Again(int64(to - from))
		return nil
	}
	err = j.judge(ctx, g)
	j.job.Progress.Add(int64(to - from))
	return err
}

// judge judges the group's cells, minibatches side by side.
func (j *judge) judge(ctx context.Context, g *judgedGroup) error {
	g.parts = resized(g.parts, (g.to-g.from+evalCells-1)/evalCells)
	err := j.e.Conditionals(ctx, j.source, j.rows[g.from:g.to], func(c *model.Conditional) error {
		w := j.workers.Get().(*judging)
		defer j.workers.Put(w)
		w.out = &g.parts[c.First/evalCells]
		w.out.begin(len(j.genes), c.N)
		w.first, w.scores = g.from+c.First, nil
		if g.scores != nil {
			w.scores, w.scoresAt = g.scores, c.First
		}
		if err := w.minibatch(c); err != nil {
			return err
		}
		slices.SortFunc(w.out.candidates, func(a, b candidate) int { return cmp.Or(cmp.Compare(a.Cell, b.Cell), cmp.Compare(a.Gene, b.Gene)) })
		return ctx.Err()
	})
	if err == nil {
		g.join(len(j.genes))
	}
	return err
}

// join adds up the parts, in the order of cells.
func (g *judgedGroup) join(genes int) {
	g.sums.begin(genes, g.to-g.from)
	for i := range g.parts {
		p := &g.parts[i]
		for k := range p.genes {
			g.sums.genes[k].add(&p.genes[k])
		}
		copy(g.sums.cells[i*evalCells:], p.cells)
		g.sums.add(&p.calibration)
		g.sums.tests += p.tests
		g.sums.candidates = append(g.sums.candidates, p.candidates...)
	}
}

// take keeps a group for a later run, and adds it, in the order of cells.
func (j *judge) take(g *judgedGroup, kept *spill) error {
	if !g.again {
		if err := j.log.add(g.encode); err != nil {
			return err
		}
	}
	j.kept += g.to - g.from
	s := &g.sums
	for k := range s.genes {
		j.genes[k].add(&s.genes[k])
	}
	copy(j.cells[g.from:], s.cells)
	j.add(&s.calibration)
	j.tests += s.tests
	for _, c := range s.candidates {
		j.levels.Add(c.P)
		if err := kept.put(c); err != nil {
			return err
		}
	}
	j.candidates += int64(len(s.candidates))
	return nil
}

// begin clears it for n cells.
func (p *judged) begin(genes, n int) {
	p.candidates, p.genes, p.cells = p.candidates[:0], resized(p.genes, genes), resized(p.cells, n)
	clear(p.genes)
	clear(p.cells)
	p.calibration, p.tests = calibration{}, 0
}
