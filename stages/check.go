package stages

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"cellvi/io/results"
	"cellvi/model"
	"cellvi/model/vi"
	"cellvi/pipeline"
	"cellvi/stages/report"
)

// The numbers of a cell that is checked: of the encoder's posterior, of the same made as
// wide as suits the fitted one, with the factor, and of the one that is fitted to the cell.
const (
	checkELBO = iota
	checkELBOSE
	checkBound
	checkKHat
	checkESS
	checkWidened
	checkWidth
	checkRefinedELBO
	checkRefinedBound
	checkRefinedKHat
	checkRefinedESS
	checkSteps
	checkConverged
	checkNumbers
)

// checking is a check on its way.
type checking struct {
	*Check
	job         *pipeline.Job
	f           *fitted
	source      *cellSource
	e           *model.Evaluator
	rows        []int32 // kept cells that are checked, ascending
	of          int     // of so many
	labels      []int32 // of the kept cells; nil: there are none
	labelKey    string
	labelLevels []string
	fit         vi.Options
	summary     report.Check
	history     *report.History // nil: there is none
	values      []float32       // (rows, checkNumbers)
	log         *pieceLog       // of values; stays until all is written
}

// Preflight looks whether there is a history: a model that was imported may have none.
func (s *Check) Preflight(context.Context, *pipeline.Job) error {
	s.history = s.HistoryPath
	if s.history == "" && exists(s.History()) {
		s.history = s.History()
	}
	return nil
}

// Run measures the cells and says what came of it.
func (s *Check) Run(ctx context.Context, job *pipeline.Job) (err error) {
	if s.history == "" {
		if err := s.Preflight(ctx, job); err != nil {
			return err
		}
	}
	c, err := s.begin(ctx, job)
	if err != nil {
		return err
	}
	defer c.f.st.Close() // nothing was written to it
	if c.log, err = c.open(ctx, job); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.log.close()) }()
	if err := c.measure(ctx); err != nil {
		return err
	}
	c.summarize()
	if err := pipeline.PublishFile(s.Checked(), c.write); err != nil {
		return err
	}
	if err := publishJSON(s.CheckSummary(), &c.summary); err != nil {
		return err
	}
	c.tell()
	return c.log.remove()
}

// begin opens everything, finds the cells, and refuses what does not fit the budget.
// Who got it closes the store.
func (s *Check) begin(ctx context.Context, job *pipeline.Job) (*checking, error) {
	f, err := openFitted(s.Store(), s.Prepared(), s.Model())
	if err != nil {
		return nil, err
	}
	c := &checking{Check: s, job: job, f: f, source: f.source(), fit: s.Options.RefineOptions.fit(s.Options.Refine, s.Options.Seed)}
	if err = errors.Join(c.choose(ctx), c.readLabels()); err == nil {
		err = f.fits(job, checkBytes(job, f.vae.Config, len(c.rows)))
	}
	if err == nil {
		err = c.readHistory()
	}
	if err != nil {
		return nil, errors.Join(err, f.st.Close())
	}
	return c, nil
}

// checkBytes is what checking so many cells takes beside the evaluation.
func checkBytes(job *pipeline.Job, cfg model.Config, cells int) int64 {
	return int64(cells)*(12*checkNumbers+2*nameBytes) + int64(job.Threads)*fitBytes(cfg.NLatent+1)
}

// readHistory takes the losses, where there are any, and the KL weight at the end.
func (c *checking) readHistory() error {
	c.summary.KLWeight = 1
	if c.Check.history == "" {
		c.job.Note("there is no history.parquet: whether training converged, and at which KL weight, cannot be told")
		return nil
	}
	c.history = &report.History{}
	return readHistory(c.Check.history, c.history)
}

// measure fills values, from what an earlier run has measured as far as it goes.
func (c *checking) measure(ctx context.Context) error {
	c.e = model.NewEvaluator(c.f.vae, c.job.Threads)
	c.values = make([]float32, len(c.rows)*checkNumbers)
	work := cellNumbers{log: c.log, width: checkNumbers, piece: c.pieceCells(),
		compute:  func(rows []int32, into []float32) error { return c.compute(ctx, rows, into) },
		progress: c.job.Progress}
	c.job.Progress.Begin("checking", "cells", int64(len(c.rows)))
	defer c.job.Progress.End()
	err := work.fill(c.rows, c.values)
	return c.log.interrupted(err, work.kept, len(c.rows), "checked")
}

// pieceCells is the cells of a piece of the log.
func (c *checking) pieceCells() int { return cmp.Or(c.piece, evalCells*c.job.Threads) }

// open takes up what an earlier run has measured.
func (c *checking) open(ctx context.Context, job *pipeline.Job) (*pieceLog, error) {
	options := c.Options
	options.MaxCells = 0 // the cells say it
	key, err := pieceLogKey{Stage: c.Name(), Options: options, Cells: sumRows(c.rows), Width: checkNumbers}.of(ctx, c.f, c.Prepared(), c.Model())
	if err != nil {
		return nil, err
	}
	c.summary.Model = key.Model
	return openPieceLog(job, c.Checking(), key)
}

// compute measures a piece's cells.
func (c *checking) compute(ctx context.Context, rows []int32, into []float32) error {
	o := c.Options
	return c.e.Conditionals(ctx, c.source, rows, func(x *model.Conditional) error {
		assess := func(q []vi.Approximation) []vi.Assessment { return vi.Assess(x, q, o.Samples, o.Seed, x.Keys()) }
		encoded := assess(approximations(x.Encoded()))
		var widened, refined []vi.Assessment
		var fits []vi.Fitted
		var width []float64
		if o.refines() {
			fit := c.fit
			fit.Keys = x.Keys()
			fits = vi.Fit(x, x.Encoded(), fit)
			refined = assess(fittedOf(fits))
			wide, factors := widen(x, fits)
			widened, width = assess(wide), factors
		}
		for i := range x.N {
			out := into[(x.First+i)*checkNumbers : (x.First+i+1)*checkNumbers]
			put(out, checkELBO, encoded[i].ELBO, encoded[i].ELBOSE, encoded[i].Bound, encoded[i].KHat, encoded[i].ESS)
			if refined != nil {
				put(out, checkWidened, widened[i].ELBO, width[i], refined[i].ELBO, refined[i].Bound, refined[i].KHat, refined[i].ESS,
					float64(fits[i].Steps), truth(fits[i].Converged))
			}
		}
		return ctx.Err()
	})
}

// widen are the encoder's posteriors, as wide as suits the fitted ones, and the factors.
func widen(x *model.Conditional, fits []vi.Fitted) (wide []vi.Approximation, factors []float64) {
	for i, q := range x.Encoded() {
		w, factor := x.Widened(q, fits[i].Q)
		wide, factors = append(wide, w), append(factors, factor)
	}
	return wide, factors
}

// put writes numbers from place at on.
func put(out []float32, at int, values ...float64) {
	for i, v := range values {
		out[at+i] = float32(v)
	}
}

// truth is 1 or 0.
func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// tell says the verdict in the log.
func (c *checking) tell() {
	s := &c.summary
	c.job.Count("cells", int64(len(c.rows)))
	c.job.Count("samples", int64(c.Options.Samples))
	if s.Unsettled > 0 {
		c.job.Warn("%s", unsettled(int64(s.Unsettled), int64(len(c.rows)), c.fit))
	}
	say := c.job.Note
	if s.Verdict.State != "good" {
		say = c.job.Warn
	}
	say("%s", s.Verdict.Posterior)
	for _, text := range []string{s.Verdict.Groups, s.Verdict.Weight, s.Training.Text} {
		if text != "" {
			c.job.Note("%s", text)
		}
	}
	for _, text := range s.Verdict.Do {
		c.job.Note("to do: %s", text)
	}
}

// write writes what was measured of each cell.
func (c *checking) write(path string) error {
	ids, err := c.source.namesOf(c.rows)
	if err != nil {
		return err
	}
	return results.Write(path, "cell_id", map[string]string{"cellvi_check": fmt.Sprintf("%d draws, refine %s", c.Options.Samples, c.Options.Refine)}, c.columns(ids)...)
}
