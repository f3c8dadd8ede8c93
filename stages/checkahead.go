package stages

import (
	"context"
	"fmt"

	"cellvi/model"
	"cellvi/pipeline"
)

// bytes is what checking so many cells takes beside the evaluation.
func (s *Check) bytes(job *pipeline.Job, cfg model.Config, rows int) int64 {
	return int64(rows)*(12*checkNumbers+2*nameBytes) + int64(job.Threads)*fitBytes(cfg.NLatent+1)
}

// most is how many of so many cells may be checked.
func (s *Check) most(cells int) int {
	if s.Options.MaxCells == 0 {
		return cells
	}
	return min(cells, s.Options.MaxCells)
}

func (s *Check) ahead(job *pipeline.Job, cfg model.Config, _ []string, cells int) error {
	return evaluationFits(job, cfg, cells, s.bytes(job, cfg, s.most(cells)),
		"raise it, use fewer --threads, or leave the check out (run without --check)")
}

// Expect tells of the memory. The time depends on the fits.
func (s *Check) Expect(_ context.Context, job *pipeline.Job, ahead pipeline.Ahead) (*pipeline.Expectation, error) {
	x, err := evaluated(ahead, s.Store(), s.Prepared(), s.Model())
	if err != nil {
		return nil, err
	}
	if x == nil {
		return notKnown("it depends on what the stages before find"), nil
	}
	most := s.most(x.cells)
	e, err := x.expect(job, s.bytes(job, x.cfg, most))
	if err != nil {
		return nil, err
	}
	e.Work = append(e.Work, fmt.Sprintf("checks %s at most, by %d draws of each posterior", plural(int64(most), "cell", "cells"), s.Options.Samples))
	if s.Options.refines() {
		e.Work = append(e.Work, fmt.Sprintf("fits a posterior (%s) to each", s.Options.Refine))
		e.TimeNote = "the fits end when they have converged: the rate is told while it runs"
	}
	return e, nil
}
