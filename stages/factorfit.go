package stages

import (
	"context"
	"errors"
	"math"
	"time"

	"cellvi/pipeline"
)

// factorProgress is how far a fit is.
type factorProgress struct {
	Epoch     int           `json:"epoch"`
	Minibatch int           `json:"minibatch"`
	Sum       float64       `json:"sum"` // of the minibatches' estimates of the ELBO in this epoch
	History   []factorEpoch `json:"history"`
	Done      bool          `json:"done"`
}

// factorEpoch is one row of the history.
type factorEpoch struct {
	ELBO  float64 `json:"elbo"`
	Exact bool    `json:"exact"` // of all cells, with the genes as they are after the pass; else the mean of minibatches' estimates
}

// passes fits to the end, from where at is, saving a checkpoint as time goes by and
// when ctx is done.
func (w *factoring) passes(ctx context.Context, cp *factorCheckpoint) error {
	n := int64(len(w.p.Row))
	w.job.Progress.Begin("fitting", "cells", n*int64(w.options.MaxEpochs-w.at.Epoch))
	defer w.job.Progress.End()
	w.fit.AfterCells = func(n int) { w.job.Progress.Add(int64(n)) }
	defer func() { w.fit.AfterCells = nil }()
	saved := time.Now()
	due := func() error {
		if time.Since(saved).Seconds() < w.options.CheckpointEvery {
			return nil
		}
		saved = time.Now()
		return cp.save(w)
	}
	for !w.at.Done {
		start := time.Now()
		err := w.pass(ctx, due)
		if errors.Is(err, context.Canceled) {
			return errors.Join(err, cp.save(w))
		}
		if err == nil {
			w.show(time.Since(start))
			err = due()
		}
		if err != nil {
			return err
		}
	}
	return w.end(ctx)
}

// pass is a sweep, or an epoch of minibatches.
func (w *factoring) pass(ctx context.Context, due func() error) error {
	if w.options.Method == "cavi" {
		elbo, err := w.fit.Sweep(ctx)
		if err == nil {
			w.passed(factorEpoch{elbo, true})
		}
		return err
	}
	n := w.minibatches()
	return w.fit.Epoch(ctx, w.at.Epoch, w.at.Minibatch, func(batch int, elbo float64) error {
		w.at.Minibatch, w.at.Sum = batch+1, w.at.Sum+elbo
		if batch+1 < n {
			return due()
		}
		w.passed(factorEpoch{w.at.Sum / float64(n), false})
		return nil
	})
}

// passed keeps what a pass came to, and decides whether it was the last.
func (w *factoring) passed(e factorEpoch) {
	a := &w.at
	a.Epoch, a.Minibatch, a.Sum = a.Epoch+1, 0, 0
	a.History = append(a.History, e)
	if n := len(a.History); n > 1 {
		a.Done = a.History[n-1].ELBO-a.History[n-2].ELBO < w.options.Tolerance*float64(len(w.p.Row))
	}
	a.Done = a.Done || a.Epoch >= w.options.MaxEpochs
}

// show tells of the last pass.
func (w *factoring) show(took time.Duration) {
	n := float64(len(w.p.Row))
	w.job.Progress.Epoch(pipeline.Epoch{Number: w.at.Epoch, Of: w.options.MaxEpochs, ELBO: -w.at.History[len(w.at.History)-1].ELBO / n,
		ELBOValidation: math.NaN(), KLWeight: 1, CellsPerSecond: n / took.Seconds()})
}

// end says how the fit ended, and settles the ELBO of one by minibatches.
func (w *factoring) end(ctx context.Context) error {
	w.job.Count("epochs", int64(w.at.Epoch))
	h := w.at.History
	if w.options.Method == "svi" {
		elbo, err := w.fit.Bound(ctx)
		if err != nil {
			return err
		}
		w.at.History = append(w.at.History, factorEpoch{elbo, true})
	}
	if n := len(h); n >= w.options.MaxEpochs && n > 1 && h[n-1].ELBO-h[n-2].ELBO >= w.options.Tolerance*float64(len(w.p.Row)) {
		w.job.Warn("after %d passes the ELBO still rises by %.3g nats per cell: --max-epochs takes more", n,
			(h[n-1].ELBO-h[n-2].ELBO)/float64(len(w.p.Row)))
	}
	w.job.Note("ELBO %.6g, %.4g nats per cell, after %s", w.at.History[len(w.at.History)-1].ELBO,
		w.at.History[len(w.at.History)-1].ELBO/float64(len(w.p.Row)), plural(int64(w.at.Epoch), "pass", "passes"))
	return nil
}
