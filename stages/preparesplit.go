package stages

import (
	"context"
	"slices"
)

// The names of a split's parts (see part).
const (
	partTrain      = "train"
	partValidation = "validation"
	partTest       = "test" // neither: only where shares leave a rest
)

// split divides the kept cells, by --split or at random.
func (d *decisions) split(ctx context.Context) error {
	divide := func(context.Context) error { return d.drawSplit() }
	if path := d.stage.Options.Split; d.stage.Reference.unfitted() {
		divide = func(context.Context) error { d.part = slices.Repeat([]part{toTrain}, len(d.rows)); return nil }
	} else if path != "" {
		divide = func(ctx context.Context) error { return d.readSplit(ctx, path) }
	}
	if err := divide(ctx); err != nil {
		return err
	}
	if err := d.checkTrained(d.cellsOf(toTrain)); err != nil {
		return err
	}
	for _, p := range []part{toTrain, toValidate, toTest} {
		n := d.cellsOf(p)
		d.job.Count("cells_"+p.String(), n)
		if n > 0 {
			d.job.Note("%s for %s", plural(n, "cell", "cells"), p)
		}
	}
	return nil
}

// String is the part's name in the file.
func (p part) String() string { return [...]string{partTest, partTrain, partValidation}[p] }

// cellsOf is the number of kept cells in a part.
func (d *decisions) cellsOf(of part) (n int64) {
	for _, p := range d.part {
		if p == of {
			n++
		}
	}
	return n
}

func (d *decisions) drawSplit() error {
	o := d.stage.Options
	s, err := NewSplit(len(d.rows), SplitOptions{
		TrainSize: o.TrainSize, ValidationSize: o.ValidationSize,
		BatchSize: d.stage.Shared.BatchSize, Seed: d.stage.Shared.Seed, InOrder: !o.ShuffleSetSplit,
	})
	if err != nil {
		return err
	}
	d.part = make([]part, len(d.rows)) // toTest
	for _, i := range s.Train {
		d.part[i] = toTrain
	}
	for _, i := range s.Validation {
		d.part[i] = toValidate
	}
	if s.Moved > 0 {
		d.job.Note("%s from training to validation: a last minibatch would be too small (--train-size 0.9 keeps them)", plural(int64(s.Moved), "cell goes", "cells go"))
	}
	if s.Short > 0 && len(s.Train) > d.stage.Shared.BatchSize {
		d.job.Note("the last minibatch of training would have %s, too few for batch norm: it joins the one before", plural(int64(s.Short), "cell", "cells"))
	}
	return nil
}
