package stages

import (
	"context"
	"errors"

	"cellvi/io/store"
	"cellvi/pipeline"
)

// Expect is as Train's, with the reference's model and the new cells' levels.
func (s *Query) Expect(ctx context.Context, job *pipeline.Job, ahead pipeline.Ahead) (*pipeline.Expectation, error) {
	card, err := readCard(s.Reference.Model())
	if err != nil {
		return nil, err
	}
	is, coming := aheadOf[shape](ahead, s.Prepared())
	var f *fitting
	switch {
	case isComing(ahead, s.Store()) && !coming, coming && (is == nil || is.cells < 1):
		return notKnown("it depends on what the stages before find"), nil
	case coming:
		f = s.expected(job, card, is)
	default:
		f, err = s.prepared(ctx, job, card)
	}
	if err != nil {
		return nil, err
	}
	ahead[s.Model()] = &modelShape{f.cfg, f.perCell()}
	if s.Options.untrained() {
		e := &pipeline.Expectation{Work: []string{"maps " + plural(int64(f.cells()), "cell", "cells") + " without training (--epochs 0)"}}
		return e, f.memory(job, e)
	}
	if err := errors.Join(f.opt.Validate(f.cfg)); err != nil {
		return nil, pipeline.Usage("%w", err)
	}
	return f.expect(ctx, job)
}

// expected is the training of cells that are not there yet, of the reference's levels.
func (s *Query) expected(job *pipeline.Job, card *modelCard, is *shape) *fitting {
	p := is.prepared()
	f := &fitting{cfg: card.Config, opt: s.Options.fit().training(len(p.Row), s.Shared, job.Threads), atMost: is.atMost}
	f.data = p.evenly(is.nonzeros, f.cfg)
	return f
}

// prepared is the training of cells that are there.
func (s *Query) prepared(ctx context.Context, job *pipeline.Job, card *modelCard) (*fitting, error) {
	st, err := store.Open(s.Store())
	if err != nil {
		return nil, err
	}
	defer st.Close() // nothing was written to it
	q := &mapping{stage: s, job: job, st: st}
	if err := q.read(ctx); err != nil {
		return nil, err
	}
	f := &fitting{cfg: card.Config, opt: s.Options.fit().training(len(q.p.Row), s.Shared, job.Threads)}
	f.cfg.NBatch = len(q.card.BatchLevels)
	f.data, err = surveyed(ctx, job, st, q.p, f.cfg)
	if err == nil {
		err = f.resume(s.Checkpoint(), s.Prepared(), fingerprint(st, q.p, q.identity()))
	}
	return f, err
}
