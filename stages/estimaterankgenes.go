package stages

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cellvi/pipeline"
)

// Expect ranks the genes by some of the cells.
func (s *RankGenes) Expect(ctx context.Context, job *pipeline.Job, ahead pipeline.Ahead) (_ *pipeline.Expectation, err error) {
	if isComing(ahead, s.Store(), s.Prepared(), s.Model()) {
		return notKnown("it depends on the cells and the model, which are yet to be made"), nil
	}
	f, err := openFitted(s.Store(), s.Prepared(), s.Model())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.st.Close()) }()
	r, err := s.begin(ctx, job, f)
	if err != nil {
		return nil, err
	}
	cells := len(r.strata.rows)
	e := &pipeline.Expectation{Memory: evaluationBytes(job, f.vae.Config, len(f.p.Row), r.bytes(job, f)),
		Work: []string{fmt.Sprintf("ranks %s for %s of %s, by %s of each cell's posterior", plural(int64(f.vae.NInput), "gene", "genes"),
			plural(int64(len(r.list)), "group", "groups"), plural(int64(cells), "cell", "cells"), plural(int64(s.Options.NSamples), "draw", "draws"))}}
	if n := len(r.batches); n > 0 {
		e.Work = append(e.Work, "decodes each as of "+plural(int64(n), "batch", "batches"))
	}
	tried, perSecond, group, err := r.try(ctx, job, f)
	if err != nil {
		return nil, err
	}
	e.Seconds = float64(cells)/perSecond + group.Seconds()*float64(len(r.list))
	e.TimeNote = fmt.Sprintf("%s%d of the cells, %s, and a group's table; reading raw counts and writing not counted",
		measuredHere, tried, rateText(perSecond, "through the model"))
	return e, nil
}

// try does all that is done to cells to some of them, and all that is done to a group to one.
// What it leaves in r is good for nothing.
func (r *ranker) try(ctx context.Context, job *pipeline.Job, f *fitted) (tried int, perSecond float64, group time.Duration, err error) {
	quiet := quietly(job)
	all, began := r.strata.rows, time.Now()
	for n := evalCells * job.Threads; ; n *= 4 {
		r.strata.rows, r.ones, r.twos, r.directions = evenly(all, n), nil, nil, nil
		start := time.Now()
		if err := r.measure(ctx, quiet, f); err != nil {
			return 0, 0, 0, err
		}
		took := time.Since(start)
		tried = len(r.strata.rows)
		perSecond = float64(tried) / max(took.Seconds(), 1e-9)
		if tried == len(all) || time.Since(began)+4*took > 3*measuring {
			break
		}
	}
	r.raw = newRawStats(f.pick.genes, r.groups, r.list)
	start := time.Now()
	r.neighbours(r.score(r.largest()), r.largest())
	return tried, perSecond, time.Since(start), ctx.Err()
}

// largest is the comparison whose group has most cells: some were tried.
func (r *ranker) largest() (at int) {
	for i, c := range r.list {
		if c.cells1 > r.list[at].cells1 {
			at = i
		}
	}
	return at
}
