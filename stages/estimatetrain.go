package stages

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cellvi/io/counts"
	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

// modelShape is what is known of a model that is yet to be trained.
type modelShape struct {
	cfg     model.Config
	perCell float64 // counts above zero of a cell
}

// fitting is a training that is to be told of.
type fitting struct {
	cfg    model.Config
	opt    model.TrainOptions
	data   *model.Dataset
	atMost []string // why the cells are a bound; none: they are known
	done   float64  // epochs that a checkpoint has
	work   []string
}

// Expect measures a few steps on this machine, and tells from cells that are there, or
// from those that earlier stages will make at most.
func (s *Train) Expect(ctx context.Context, job *pipeline.Job, ahead pipeline.Ahead) (*pipeline.Expectation, error) {
	is, coming := aheadOf[shape](ahead, s.Prepared())
	var f *fitting
	var err error
	switch {
	case !coming && isComing(ahead, s.Store()):
		return notKnown("the store is yet to be made"), nil
	case !coming:
		f, err = s.prepared(ctx, job, ahead)
	case is == nil || is.cells < 3:
		return notKnown("it depends on what the stages before find"), nil
	default:
		f, err = s.expected(job, is, ahead)
	}
	if err != nil {
		return nil, err
	}
	ahead[s.Model()] = &modelShape{f.cfg, f.perCell()}
	return f.expect(ctx, job)
}

// isComing tells whether an earlier stage is to make any of the paths.
func isComing(ahead pipeline.Ahead, paths ...string) bool {
	return slices.ContainsFunc(paths, func(path string) bool { _, coming := ahead[path]; return coming })
}

// expected is the training of cells that are not there yet.
func (s *Train) expected(job *pipeline.Job, is *shape, ahead pipeline.Ahead) (*fitting, error) {
	p := is.prepared()
	cfg, opt, err := s.settle(job, p)
	if err != nil {
		return nil, err
	}
	f := &fitting{cfg: cfg, opt: opt, data: p.evenly(is.nonzeros, cfg), atMost: is.atMost}
	if _, gone := ahead[s.Checkpoint()]; !gone && pipeline.CheckInput(s.Checkpoint()) == nil {
		f.work = append(f.work, s.Checkpoint()+" is there: whether it is of these cells is known once they are prepared")
	}
	return f, nil
}

// prepared is the training of cells that are there.
func (s *Train) prepared(ctx context.Context, job *pipeline.Job, ahead pipeline.Ahead) (*fitting, error) {
	st, err := store.Open(s.Store())
	if err != nil {
		return nil, err
	}
	defer st.Close() // nothing was written to it
	p, err := readPrepared(s.Prepared(), st)
	if err != nil {
		return nil, err
	}
	before, err := s.before(p)
	if err != nil {
		return nil, err
	}
	cfg, opt, err := s.settle(job, p)
	if err != nil {
		return nil, err
	}
	f := &fitting{cfg: cfg, opt: opt}
	if f.data, err = surveyed(ctx, job, st, p, cfg); err != nil {
		return nil, err
	}
	if f.data.Train.Len() < leastCells {
		return nil, pipeline.BadInput("%s: %d cells to train on: at least %d are needed", s.Prepared(), f.data.Train.Len(), leastCells)
	}
	begun := ""
	if before != nil {
		begun = identity(before.vae)
	}
	if _, gone := ahead[s.Checkpoint()]; !gone {
		err = f.resume(s.Checkpoint(), s.Prepared(), fingerprint(st, p, begun))
	}
	return f, err
}

// surveyed is the data set of a training: measured where that takes a moment, else by
// what prepare wrote of the genes.
func surveyed(ctx context.Context, job *pipeline.Job, st *store.Store, p *prepared, cfg model.Config) (*model.Dataset, error) {
	brief, cancel := briefly(ctx, 1)
	defer cancel()
	data, err := survey(brief, job, newCellSource(st, p, newPicker(p.Picked)), nil)
	if err == nil || brief.Err() == nil || ctx.Err() != nil {
		return data, err
	}
	nonzeros := int64(0)
	if found := p.Genes.Column("n_cells"); found != nil && len(found.Int64) == len(p.Picked) {
		for g, n := range found.Int64 {
			if p.Picked[g] {
				nonzeros += n
			}
		}
	}
	return p.evenly(nonzeros, cfg), nil
}

// prepared is cells of the shape.
func (s *shape) prepared() *prepared {
	p := &prepared{covariates: s.covariates, Row: make([]int32, s.cells), Split: make([]part, s.cells), Picked: make([]bool, s.genes)}
	for i := range p.Picked {
		p.Picked[i] = true
	}
	for i := range p.Row {
		p.Row[i] = int32(i)
		switch {
		case int64(i) < s.train:
			p.Split[i] = toTrain
		case int64(i) < s.train+s.validation:
			p.Split[i] = toValidate
		}
	}
	return p
}

// evenly is a data set whose counts above zero, −1 where they are not known, are as many
// in every cell.
func (p *prepared) evenly(nonzeros int64, cfg model.Config) *model.Dataset {
	d := &model.Dataset{Width: cfg.Width(), Train: newSection(p.rows(toTrain)), Val: newSection(p.rows(toValidate))}
	if nonzeros < 0 {
		nonzeros = int64(len(p.Row)) * int64(cfg.NInput)
	}
	for _, s := range []*model.Section{&d.Train, &d.Val} {
		for k := range s.Pieces {
			cells := min(model.PieceCells, s.Len()-k*model.PieceCells)
			s.Pieces[k].Nonzeros = nonzeros * int64(cells) / int64(max(len(p.Row), 1))
		}
	}
	return d
}

func (f *fitting) cells() int { return f.data.Train.Len() + f.data.Val.Len() }

func (f *fitting) perCell() float64 {
	e := f.data.Train.Extent()
	return float64(e.Nonzeros) / float64(max(f.data.Train.Len(), 1))
}

// expect tells what the training takes.
func (f *fitting) expect(ctx context.Context, job *pipeline.Job) (*pipeline.Expectation, error) {
	e := &pipeline.Expectation{}
	atMost := ""
	if len(f.atMost) > 0 {
		atMost = "at most "
	}
	train, val, epochs := int64(f.data.Train.Len()), int64(f.data.Val.Len()), int64(f.opt.MaxEpochs)
	e.Work = append(e.Work, fmt.Sprintf("trains on %s%s × %s, %s held out for validation, %s", atMost, plural(train, "cell", "cells"),
		plural(int64(f.cfg.NInput), "gene", "genes"), counts.Thousands(val), plural(epochs, "epoch", "epochs")), summary(f.cfg))
	e.Work = append(append(e.Work, finalWeight(f.opt, max(1, (int(train)+f.opt.BatchSize-3)/f.opt.BatchSize))), f.work...)
	if err := f.memory(job, e); err != nil {
		return nil, err
	}
	x, err := trainingSpeed(ctx, f.cfg, f.opt, f.perCell())
	if err != nil {
		return nil, err
	}
	validations := int64(f.opt.MaxEpochs / max(f.opt.CheckVal, 1))
	whole := float64(epochs*train)*x.train + float64(validations*val)*x.validate
	e.Seconds = whole * (1 - min(f.done/float64(epochs), 1))
	e.TimeNote = measuredHere + rateText(1/max(x.train, 1e-9), "of a model of this shape on "+plural(int64(f.opt.Threads), "thread", "threads"))
	if f.opt.Stop.Enabled {
		e.TimeNote += "; early stopping may end it sooner"
	}
	return e, nil
}

// memory tells what training will take, by the estimate that training itself goes by.
func (f *fitting) memory(job *pipeline.Job, e *pipeline.Expectation) error {
	window, err := fitWindow(job, f.data, f.cfg, f.opt)
	var over *pipeline.Error
	switch {
	case errors.As(err, &over) && len(f.atMost) > 0:
		e.MemoryNote = "it may be refused: " + over.Error()
		return nil
	case err != nil:
		return err
	case window > 0:
		e.Memory = restBytes(f.data, f.cfg, f.opt) + f.data.WindowBytes()(window)
		e.MemoryNote = fmt.Sprintf("the cells do not fit, and are streamed: windows of %d", window)
		return nil
	}
	e.Memory = restBytes(f.data, f.cfg, f.opt) + f.data.Bytes() + 24*int64(f.data.Train.Len())
	e.MemoryNote = "all cells are held"
	return nil
}
