package stages

import (
	"context"
	"errors"
	"fmt"

	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

// evaluating is cells that are to be put through a model.
type evaluating struct {
	cells      int
	validation int // of them
	cfg        model.Config
	genes      []string // of the model; nil: not known yet
	perCell    float64
	atMost     []string
	coming     bool // the cells or the model are yet to be made
}

// evaluated says which cells and which model, of what there is and of what earlier
// stages will make; nil where these could not tell.
func evaluated(ahead pipeline.Ahead, storePath, preparedPath, modelPath string) (*evaluating, error) {
	is, coming := aheadOf[shape](ahead, preparedPath)
	trained, training := aheadOf[modelShape](ahead, modelPath)
	x := &evaluating{coming: coming || training}
	if coming && is == nil || training && trained == nil || isComing(ahead, storePath) && !coming {
		return nil, nil
	}
	if training {
		x.cfg, x.perCell = trained.cfg, trained.perCell
	} else {
		card, err := readCard(modelPath)
		if err != nil {
			return nil, err
		}
		x.cfg, x.genes, x.perCell = card.Config, card.Genes, float64(card.Config.NInput)
	}
	if coming {
		x.cells, x.validation, x.atMost, x.perCell = int(is.cells), int(is.validation), is.atMost, is.perCell()
		return x, nil
	}
	st, err := store.Open(storePath)
	if err != nil {
		return nil, err
	}
	defer st.Close() // nothing was written to it
	p, err := readPrepared(preparedPath, st)
	if err != nil {
		return nil, err
	}
	x.cells, x.validation = len(p.Row), p.count(toValidate)
	x.perCell = min(float64(st.NNZ())/float64(max(st.Cells(), 1)), float64(x.cfg.NInput))
	return x, nil
}

// expect tells of the memory, with so many bytes of buffers.
func (x *evaluating) expect(job *pipeline.Job, buffers int64) (*pipeline.Expectation, error) {
	e := &pipeline.Expectation{Memory: evaluationBytes(job, x.cfg, x.cells, buffers)}
	err := evaluationFits(job, x.cfg, x.cells, buffers, "raise it, or use fewer --threads")
	var over *pipeline.Error
	if errors.As(err, &over) && len(x.atMost) > 0 {
		e.MemoryNote, err = "it may be refused: "+over.Error(), nil
	}
	return e, err
}

// speed takes the time of so many cells.
func (x *evaluating) speed(ctx context.Context, job *pipeline.Job, e *pipeline.Expectation, what string,
	put func(e *model.Evaluator, cells *model.Cells, rows []int32) error) error {
	perSecond, err := evaluationSpeed(ctx, job, x.cfg, x.perCell, put)
	if err == nil && perSecond > 0 {
		e.Seconds, e.TimeNote = float64(x.cells)/perSecond, measuredHere+rateText(perSecond, what)
	}
	return err
}

// Expect measures how fast cells go through the encoder.
func (s *Embed) Expect(ctx context.Context, job *pipeline.Job, ahead pipeline.Ahead) (*pipeline.Expectation, error) {
	x, err := evaluated(ahead, s.Store(), s.Prepared(), s.Model())
	if err != nil {
		return nil, err
	}
	if x == nil {
		return notKnown("it depends on what the stages before find"), nil
	}
	share := s.Part.bounds(x.cells)
	e, err := x.expect(job, s.bytes(job, x.cfg, share.to-share.from))
	if err != nil {
		return nil, err
	}
	x.cells = share.to - share.from
	e.Work = append(e.Work, fmt.Sprintf("embeds %s in %d dimensions", plural(int64(x.cells), "cell", "cells"), x.cfg.NLatent))
	if s.Options.refines() {
		e.Work = append(e.Work, fmt.Sprintf("fits a posterior (%s) to each", s.Options.Refine))
		return e, s.expectRefined(ctx, job, ahead, x, share, e)
	}
	mean := make([]float32, 0)
	err = x.speed(ctx, job, e, "through the encoder; reading and writing not counted", func(ev *model.Evaluator, cells *model.Cells, rows []int32) error {
		mean = resized(mean, len(rows)*x.cfg.NLatent)
		return ev.Posterior(ctx, cells, rows, mean, nil)
	})
	return e, err
}

// Expect measures how fast cells go through the decoder, and says how much is written.
func (s *Reconstruct) Expect(ctx context.Context, job *pipeline.Job, ahead pipeline.Ahead) (*pipeline.Expectation, error) {
	x, err := evaluated(ahead, s.Store(), s.Prepared(), s.Model())
	if err != nil {
		return nil, err
	}
	if x == nil {
		return notKnown("it depends on what the stages before find"), nil
	}
	genes, err := s.genesOf(x)
	if err != nil {
		return nil, err
	}
	list := s.matrices(x.cfg)
	columns := genes * len(list)
	e, err := x.expect(job, groupMemory(x.cells, columns, groupRows(x.cells, columns))+model.GenerateBytes(x.cfg, job.Threads))
	if err != nil {
		return nil, err
	}
	share := s.Part.bounds(x.cells)
	x.cells = share.to - share.from
	e.Work = append(e.Work, fmt.Sprintf("writes %s of %s × %s: %s before compression", namesOf(list), plural(int64(x.cells), "cell", "cells"),
		plural(int64(genes), "gene", "genes"), human(int64(x.cells)*int64(columns)*4)))
	err = x.speed(ctx, job, e, "through the decoder; reading, compressing and writing not counted", func(ev *model.Evaluator, cells *model.Cells, rows []int32) error {
		return ev.Generate(ctx, cells, rows, model.Generation{Batch: -1}, func(*model.Generated) error { return nil })
	})
	return e, err
}

// genesOf is how many genes are written.
func (s *Reconstruct) genesOf(x *evaluating) (int, error) {
	switch {
	case s.Options.ReconstructGenes == "":
		return x.cfg.NInput, nil
	case x.genes != nil:
		chosen, err := s.chosen(x.genes)
		return len(chosen), err
	}
	names, err := readList(s.Options.ReconstructGenes)
	return len(names), err
}
