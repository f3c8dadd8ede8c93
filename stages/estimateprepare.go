package stages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cellvi/io/counts"
	"cellvi/io/store"
	"cellvi/pipeline"
)

// Expect decides as Run does where the store is there and that takes no more than a
// moment; else it tells what there can be at most.
func (s *Prepare) Expect(ctx context.Context, job *pipeline.Job, ahead pipeline.Ahead) (*pipeline.Expectation, error) {
	from, coming := aheadOf[shape](ahead, s.Store())
	if !coming {
		return s.expectOf(ctx, job, ahead)
	}
	if from == nil || from.cells < 0 {
		return notKnown("it depends on what ingest finds"), nil
	}
	is, err := s.bound(from)
	if err != nil {
		return nil, err
	}
	ahead[s.Prepared()] = is
	e := s.expectation(is)
	e.TimeNote = "the store is yet to be made"
	return e, nil
}

// expectOf is Expect of a store that is there.
func (s *Prepare) expectOf(ctx context.Context, job *pipeline.Job, ahead pipeline.Ahead) (_ *pipeline.Expectation, err error) {
	st, err := store.Open(s.Store())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	speed, began := &meter{}, time.Now()
	trial := *job
	trial.Progress = speed
	d := &decisions{stage: s, job: &trial, store: st}
	brief, cancel := briefly(ctx, 2)
	defer cancel()
	err = d.decide(brief)
	rate := speed.perSecond()
	if err != nil && (brief.Err() == nil || ctx.Err() != nil) {
		return nil, err
	}
	var is *shape
	if err == nil {
		is = d.shape()
	} else if is, err = s.bound(shapeOf(st)); err != nil {
		return nil, err
	}
	ahead[s.Prepared()] = is
	e := s.expectation(is)
	passes := 1.0
	if s.Options.NTopGenes > 0 {
		passes = 2
	}
	e.Seconds = passes * float64(st.Cells()) / max(rate, 1)
	e.TimeNote = measuredHere + rateText(rate, "in each of "+fmt.Sprint(passes)+" passes over the store")
	if len(is.atMost) == 0 {
		e.Seconds, e.TimeNote = time.Since(began).Seconds(), "it was tried on this machine, and nothing written"
	}
	return e, nil
}

// decide is what Run does before it writes.
func (d *decisions) decide(ctx context.Context) error {
	if d.stage.Reference != nil {
		if err := d.refer(d.stage); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context) error{d.code, d.measure, d.chooseGenes, d.split} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// shape is that of what was decided.
func (d *decisions) shape() *shape {
	is := &shape{cells: int64(len(d.rows)), genes: number(d.genes.selected), train: d.cellsOf(toTrain), validation: d.cellsOf(toValidate)}
	for g, n := range d.genes.moments.Detected() {
		if d.genes.selected[g] {
			is.nonzeros += n
		}
	}
	o := d.stage.Options
	is.covariates = o.covariates(func(key string) int {
		for _, c := range append([]*codes{d.batch, d.labels}, d.cats...) {
			if c.key == key {
				return len(c.levels)
			}
		}
		return 1
	})
	return is
}

// expectation is the part that does not depend on how it was found out.
func (s *Prepare) expectation(is *shape) *pipeline.Expectation {
	return &pipeline.Expectation{Work: append([]string{fmt.Sprintf("keeps %s: %s to train on, %s for validation", is, plural(is.train, "cell", "cells"), counts.Thousands(is.validation))}, is.atMost...),
		MemoryNote: "the store is read piece by piece, some 30 bytes a cell are kept"}
}

// bound is what can be prepared of a store at most.
func (s *Prepare) bound(from *shape) (*shape, error) {
	o, is := s.Options, &shape{cells: from.cells, genes: from.genes, nonzeros: from.nonzeros, atMost: slices.Clone(from.atMost)}
	if s.Reference != nil {
		card, err := readCard(s.Reference.Model())
		if err != nil {
			return nil, err
		}
		is.genes = min(is.genes, int64(len(card.Genes)))
		is.covariates = card.covariates
	}
	if o.Genes != "" {
		names, err := readList(o.Genes)
		if err != nil {
			return nil, err
		}
		is.genes = min(is.genes, int64(len(names)))
	}
	if o.NTopGenes > 0 {
		is.genes = min(is.genes, int64(o.NTopGenes))
	}
	is.boundNonzeros(from)
	if o.MinCounts > 0 {
		is.atMost = append(is.atMost, "how many cells --min-counts leaves out is not known before they are read")
	}
	if o.MinCells > 0 && o.NTopGenes == 0 {
		is.atMost = append(is.atMost, "how many genes --min-cells leaves out is not known before they are read")
	}
	if err := s.boundSplit(is); err != nil {
		return nil, err
	}
	if s.Reference == nil {
		is.covariates = o.covariates(func(key string) int {
			if n, known := from.levels[key]; known {
				return n
			}
			is.atMost = append(is.atMost, "how many levels "+key+" has is not known before it is read: taken for 2")
			return 2
		})
	}
	return is, nil
}

// boundNonzeros is the counts of the genes that are found in most cells, where which
// are chosen is not known.
func (s *shape) boundNonzeros(from *shape) {
	if s.genes >= from.genes || s.nonzeros < 0 {
		return
	}
	s.atMost = append(s.atMost, "which genes are chosen is not known yet: taken for those with the most counts above zero")
	if from.detected == nil {
		s.nonzeros = min(s.nonzeros, s.cells*s.genes)
		return
	}
	most := slices.Sorted(slices.Values(from.detected))
	s.nonzeros = 0
	for _, n := range most[len(most)-int(s.genes):] {
		s.nonzeros += n
	}
}

// boundSplit divides the cells.
func (s *Prepare) boundSplit(is *shape) error {
	if s.Reference.unfitted() || is.cells == 0 {
		is.train = is.cells
		return nil
	}
	o := SplitOptions{TrainSize: s.Options.TrainSize, ValidationSize: s.Options.ValidationSize, BatchSize: s.Shared.BatchSize, Seed: s.Shared.Seed}
	if err := o.check(int(is.cells)); err != nil {
		return err
	}
	train, validation := o.sizes(int(is.cells))
	is.train, is.validation = int64(train), int64(validation)
	if s.Options.Split != "" {
		is.atMost = append(is.atMost, "the shares of --split are not known before it is read: taken for 0.9 and the rest")
	}
	return nil
}

// covariates are the options' keys, with as many levels as count says, without names.
func (o PrepareOptions) covariates(count func(key string) int) covariates {
	levels := func(key string) []string {
		if key == "" {
			return make([]string, 1)
		}
		return make([]string, count(key))
	}
	c := covariates{BatchKey: o.BatchKey, BatchLevels: levels(o.BatchKey), LabelsKey: o.LabelsKey, LabelLevels: levels(o.LabelsKey),
		CategoricalKeys: o.CategoricalCovariateKeys, ContinuousKeys: o.ContinuousCovariateKeys, SizeFactorKey: o.SizeFactorKey}
	for _, key := range o.CategoricalCovariateKeys {
		c.CategoricalLevels = append(c.CategoricalLevels, levels(key))
	}
	return c
}
