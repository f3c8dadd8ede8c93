package stages

import (
	"context"
	"errors"
	"fmt"
	"math"

	"cellvi/model"
	"cellvi/model/vi"
	"cellvi/pipeline"
)

// refinedEntry is the entry of refined.parquet's metadata that says how it was made.
const refinedEntry = "cellvi_refined"

// refinedName is the file of refined posteriors.
const refinedName = "refined.parquet"

// Refined is the Parquet of refined posteriors: covariances and bounds.
func (l Layout) Refined() string { return l.in(refinedName) }

// Refining is what is refined of an embedding that was stopped.
func (l Layout) Refining() string { return l.in("refining.partial") }

// refines tells whether posteriors are fitted to the cells.
func (o EmbedOptions) refines() bool { return o.Refine != "" }

// refining is an embedding whose posteriors are fitted to each cell.
type refining struct {
	*Embed
	job    *pipeline.Job
	f      *fitted
	source *cellSource
	own    *portion
	e      *model.Evaluator
	fit    vi.Options
	shape  refinedShape
	log    *pieceLog
	work   cellNumbers

	unsettled     int64
	before, after float64 // sums, of cells in their order
}

// refine writes latent.parquet and refined.parquet.
func (s *Embed) refine(ctx context.Context, job *pipeline.Job, f *fitted, own *portion) (err error) {
	r := s.refining(job, f, own)
	r.e = model.NewEvaluator(f.vae, job.Threads)
	if r.log, err = r.open(ctx, job); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.log.close()) }()
	r.work = cellNumbers{log: r.log, width: r.shape.width(), piece: refinedPiece(job.Threads),
		compute:  func(rows []int32, into []float32) error { return r.compute(ctx, rows, into) },
		progress: job.Progress}
	job.Note("fitting a posterior to each cell: %s", r.fit.Family)
	err = pipeline.PublishFile(s.Latent(), func(latent string) error {
		return pipeline.PublishFile(s.Refined(), func(refined string) error { return r.write(latent, refined) })
	})
	if err := r.log.interrupted(err, r.work.kept, own.cells(), "refined"); err != nil {
		return err
	}
	r.tell()
	return r.log.remove()
}

// refining is a refinement of own cells, before its evaluator.
func (s *Embed) refining(job *pipeline.Job, f *fitted, own *portion) *refining {
	return &refining{Embed: s, job: job, f: f, source: f.source(), own: own,
		fit: s.Options.RefineOptions.fit(s.Options.Refine, s.Seed), shape: refinedShapeOf(f.vae.Config, s.Options.RefineAssess)}
}

// open takes up what an earlier run has refined.
func (r *refining) open(ctx context.Context, job *pipeline.Job) (*pieceLog, error) {
	key := pieceLogKey{Stage: r.Name(), Options: r.refineKey(), Cells: fmt.Sprintf("%d–%d", r.own.from, r.own.to), Width: r.shape.width()}
	key, err := key.of(ctx, r.f, r.Prepared(), r.Model())
	if err != nil {
		return nil, err
	}
	return openPieceLog(job, r.Refining(), key)
}

// refineKey is what of the options decides refined numbers, as a text.
func (s *Embed) refineKey() string {
	o := s.Options
	return fmt.Sprintf("%s samples=%d steps=%d tolerance=%v assess=%d seed=%d", o.Refine, o.Samples, o.MaxSteps, o.Tolerance, o.RefineAssess, s.Seed)
}

// compute fits the posteriors of a piece's cells.
func (r *refining) compute(ctx context.Context, rows []int32, into []float32) error {
	width := r.shape.width()
	return r.e.Conditionals(ctx, r.source, rows, func(c *model.Conditional) error {
		fit := r.fit
		fit.Keys = c.Keys()
		fits := vi.Fit(c, c.Encoded(), fit)
		before, after := r.assess(c, fits)
		for i := range c.N {
			r.put(c, i, &fits[i], before, after, into[(c.First+i)*width:(c.First+i+1)*width])
		}
		return ctx.Err()
	})
}

// assess draws from both posteriors of the minibatch's cells, where that is asked for.
func (r *refining) assess(c *model.Conditional, fits []vi.Fitted) (before, after []vi.Assessment) {
	n := r.Options.RefineAssess
	if n == 0 {
		return nil, nil
	}
	return vi.Assess(c, approximations(c.Encoded()), n, r.Seed, c.Keys()), vi.Assess(c, fittedOf(fits), n, r.Seed, c.Keys())
}

// put writes a cell's numbers.
func (r *refining) put(c *model.Conditional, i int, fit *vi.Fitted, before, after []vi.Assessment, out []float32) {
	l := r.shape.latent
	mean, cov := make([]float64, l), make([]float64, l*l)
	c.LatentMoments(fit.Q, r.Seed, c.Keys()[i], mean, cov)
	at := 0
	add := func(values ...float64) {
		for _, v := range values {
			out[at] = float32(v)
			at++
		}
	}
	add(mean...)
	for j := range l {
		add(cov[j*l+j : (j+1)*l]...)
	}
	if m, v := c.LibraryMoments(fit.Q); !math.IsNaN(m) {
		add(m, v)
	}
	add(float64(fit.Steps), truth(fit.Converged))
	if before != nil {
		add(before[i].ELBO, after[i].ELBO, after[i].Bound)
	}
	if r.Options.RefineAssess >= leastKHat {
		add(after[i].KHat, after[i].ESS)
	}
}
