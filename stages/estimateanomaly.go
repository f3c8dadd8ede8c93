package stages

import (
	"context"
	"errors"
	"fmt"

	"cellvi/model"
	"cellvi/pipeline"
)

// Expect judges some of the cells.
func (s *Anomaly) Expect(ctx context.Context, job *pipeline.Job, ahead pipeline.Ahead) (_ *pipeline.Expectation, err error) {
	if isComing(ahead, s.Store(), s.Prepared(), s.Model()) {
		return notKnown(fitLater), nil
	}
	j, err := s.begin(ctx, job)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.st.Close()) }()
	e := &pipeline.Expectation{Work: s.work(len(j.rows), j.vae.Config), Memory: j.drawing().beside() + j.bytes()}
	done, err := keptBefore(job, ahead, s.Judging(), len(j.rows), e, judgedIn, func(job *pipeline.Job) (*pieceLog, error) { return s.openLog(ctx, j, job) })
	if err != nil {
		return nil, err
	}
	t := &trial{rows: j.rows[done:], piece: anomalyCells, parts: []effort{{1, func() func([]int32) error { return j.trying(ctx) }}}}
	return e, t.expect(ctx, job, e, "judged; finding the threshold and writing not counted")
}

// trying judges other cells, and forgets what came of it.
func (j *judge) trying(ctx context.Context) func(rows []int32) error {
	some := *j.asked
	own := &judge{asked: &some, options: j.options, job: quietly(j.job), e: model.NewEvaluator(j.vae, 1), genes: j.genes}
	own.workers.New = func() any { return newJudging(own) }
	return func(rows []int32) error {
		some.rows = rows
		g := &judgedGroup{to: len(rows)}
		if own.options.Scores {
			g.scores = own.scoreColumns(nil, len(rows))
		}
		return own.judge(ctx, g)
	}
}

// work says what is done to so many cells.
func (s *Anomaly) work(cells int, cfg model.Config) []string {
	o := s.Options
	judged := map[string]string{"all": "", "expressed": ", those above zero"}[o.Family]
	work := []string{fmt.Sprintf("judges the counts of %s × %s%s, each by %s of the cell's posterior",
		plural(int64(cells), "cell", "cells"), plural(int64(cfg.NInput), "gene", "genes"), judged, plural(int64(o.Samples), "draw", "draws"))}
	family, fitted := o.refine()
	switch {
	case fitted && o.LeaveOut:
		atMost := ""
		if o.folds() > cfg.NInput/model.StripeGenes { // stripes of genes may be fewer
			atMost = "at most "
		}
		work = append(work, fmt.Sprintf("fits a posterior (%s) to each cell %s%d times, each without the genes that it is to judge", family, atMost, o.folds()))
	case fitted:
		work = append(work, fmt.Sprintf("fits a posterior (%s) to each cell", family))
	}
	if o.Scores {
		work = append(work, fmt.Sprintf("writes scores.parquet: %s before compression", human(int64(cells)*int64(cfg.NInput)*4)))
	}
	return work
}
