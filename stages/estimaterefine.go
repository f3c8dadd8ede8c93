package stages

import (
	"context"
	"errors"
	"fmt"

	"cellvi/model"
	"cellvi/pipeline"
)

// fitLater is why the time of fits is not known.
const fitLater = "how many steps posteriors take depends on the cells and the model, which are yet to be made"

// expectRefined tries fits to some of the cells.
func (s *Embed) expectRefined(ctx context.Context, job *pipeline.Job, ahead pipeline.Ahead, x *evaluating, share bounds, e *pipeline.Expectation) (err error) {
	if x.coming {
		e.TimeNote = fitLater
		return nil
	}
	f, err := openFitted(s.Store(), s.Prepared(), s.Model())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.st.Close()) }()
	r := s.refining(job, f, &portion{bounds: share})
	done, err := keptBefore(job, ahead, s.Refining(), share.to-share.from, e, numbersIn(r.shape.width()),
		func(job *pipeline.Job) (*pieceLog, error) { return r.open(ctx, job) })
	if err != nil {
		return err
	}
	t := &trial{rows: span(share.from+done, share.to), piece: refinedPiece(job.Threads), parts: []effort{{1, func() func([]int32) error {
		own, embed := *r, *s
		embed.Options.RefineAssess = 0
		own.Embed, own.shape, own.e = &embed, refinedShapeOf(f.vae.Config, 0), model.NewEvaluator(f.vae, 1)
		return func(rows []int32) error { return own.compute(ctx, rows, make([]float32, len(rows)*own.shape.width())) }
	}}}}
	if draws := s.Options.RefineAssess; draws > 0 {
		t.parts = append(t.parts, f.assessing(ctx, r.source, 2*draws, s.Seed))
	}
	return t.expect(ctx, job, e, "fitted; writing not counted")
}

// Expect tries the check on some of the cells.
func (s *Check) Expect(ctx context.Context, job *pipeline.Job, ahead pipeline.Ahead) (_ *pipeline.Expectation, err error) {
	if isComing(ahead, s.Store(), s.Prepared(), s.Model()) {
		return s.expected(job, ahead)
	}
	if s.history == "" {
		if err := s.Preflight(ctx, job); err != nil {
			return nil, err
		}
	}
	c, err := s.begin(ctx, job)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.f.st.Close()) }()
	cfg := c.f.vae.Config
	e := &pipeline.Expectation{Work: s.work(len(c.rows), c.of, c.summary.Of, cfg),
		Memory: evaluationBytes(job, cfg, len(c.f.p.Row), checkBytes(job, cfg, len(c.rows)))}
	done, err := keptBefore(job, ahead, s.Checking(), len(c.rows), e, numbersIn(checkNumbers),
		func(job *pipeline.Job) (*pieceLog, error) { return c.open(ctx, job) })
	if err != nil {
		return nil, err
	}
	t := &trial{rows: c.rows[done:], piece: c.pieceCells()}
	if s.Options.refines() {
		t.parts = append(t.parts, c.fitting(ctx))
	}
	t.parts = append(t.parts, c.f.assessing(ctx, c.source, s.assessments()*s.Options.Samples, s.Options.Seed))
	return e, t.expect(ctx, job, e, "checked")
}

// assessments is how many posteriors of a cell are drawn from: the encoder's, the same
// made wider, and the one that is fitted.
func (s *Check) assessments() int {
	if s.Options.refines() {
		return 3
	}
	return 1
}

// fitting tries the fits, with as few draws from them as can be: assessing tries these.
func (c *checking) fitting(ctx context.Context) effort {
	return effort{1, func() func([]int32) error {
		own, s := *c, *c.Check
		s.Options.Samples = 2
		own.Check, own.e = &s, model.NewEvaluator(c.f.vae, 1)
		return func(rows []int32) error { return own.compute(ctx, rows, make([]float32, len(rows)*checkNumbers)) }
	}}
}

// expected tells of cells or a model that earlier stages will make.
func (s *Check) expected(job *pipeline.Job, ahead pipeline.Ahead) (*pipeline.Expectation, error) {
	x, err := evaluated(ahead, s.Store(), s.Prepared(), s.Model())
	if err != nil {
		return nil, err
	}
	if x == nil {
		return notKnown("it depends on what the stages before find"), nil
	}
	of, which := x.cells, checkAll
	switch {
	case s.Options.file() != "":
		names, err := readList(s.Options.file())
		if err != nil {
			return nil, err
		}
		of, which = len(names), "named"
	case s.Options.Cells == checkValidation && x.validation > 0:
		of, which = x.validation, checkValidation
	}
	n := s.most(of)
	e, err := x.expect(job, checkBytes(job, x.cfg, n))
	if err != nil {
		return nil, err
	}
	e.Work, e.TimeNote = s.work(n, of, which, x.cfg), fitLater
	return e, nil
}

// work says what is done of so many cells.
func (s *Check) work(n, of int, which string, cfg model.Config) []string {
	what := map[string]string{checkAll: "", checkValidation: "validation ", "named": "named "}[which]
	cells := plural(int64(n), what+"cell", what+"cells")
	if n < of {
		cells = fmt.Sprintf("%d of %s, spread evenly (--max-cells)", n, plural(int64(of), what+"cell", what+"cells"))
	}
	work := []string{fmt.Sprintf("checks %s × %s: %s of each posterior", cells, plural(int64(cfg.NInput), "gene", "genes"), plural(int64(s.Options.Samples), "draw", "draws"))}
	if s.Options.refines() {
		work = append(work, fmt.Sprintf("fits a posterior (%s) to each, to compare with", s.Options.Refine))
	}
	return work
}
