package stages

import (
	"context"
	"errors"
	"os"
	"slices"

	"cellvi/io/counts"
	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

// Run extends the reference by the query's new levels, trains what is not frozen, and
// publishes the model as training does.
func (s *Query) Run(ctx context.Context, job *pipeline.Job) error {
	st, err := store.Open(s.Store())
	if err != nil {
		return err
	}
	defer st.Close() // nothing was written to it
	q := &mapping{stage: s, job: job, st: st}
	for _, step := range []func(context.Context) error{q.read, q.survey, q.extend, q.fit} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return errors.Join(q.publish(), os.RemoveAll(s.Checkpoint()))
}

// mapping is a query on its way.
type mapping struct {
	stage *Query
	job   *pipeline.Job
	st    *store.Store

	p       *prepared
	pick    picker
	ref     trained   // the reference
	card    modelCard // of the query's model
	begun   string    // what identifies the reference's weights
	totals  []float64 // of the cells, where the library size is inferred; else nil
	data    *model.Dataset
	vae     *model.VAE[float32]
	history []model.EpochStats
}

// read reads cells and reference, and gives the cells' levels places behind the
// reference's.
func (q *mapping) read(context.Context) (err error) {
	s := q.stage
	if q.p, err = readPrepared(s.Prepared(), q.st); err != nil {
		return err
	}
	if q.ref.vae, q.ref.card, err = readModel(s.Reference.Model()); err != nil {
		return err
	}
	q.begun = identity(q.ref.vae)
	q.card = *q.ref.card
	q.pick, q.card.Absent = pickPresent(q.st, q.card.Genes)
	if len(q.card.Absent) == len(q.card.Genes) {
		return pipeline.BadInput("%s: none of the model's %d genes is in the store", s.Reference.Model(), len(q.card.Genes))
	}
	q.job.Count("genes_missing", int64(len(q.card.Absent)))
	q.card.covariates = q.ref.card.grown(q.job, q.p)
	if err := q.card.recode(q.p, s.Prepared()); err != nil {
		return err
	}
	q.p.covariates = q.card.covariates
	return nil
}

// survey measures the cells.
func (q *mapping) survey(ctx context.Context) (err error) {
	if c := q.card.Config; !c.UseObservedLibSize && !c.UseSizeFactor {
		q.totals = make([]float64, len(q.p.Row))
	}
	q.data, err = survey(ctx, q.job, newCellSource(q.st, q.p, q.pick), q.totals)
	return err
}

// extend gives the reference new levels.
func (q *mapping) extend(context.Context) (err error) {
	o, old := q.stage.Options, q.ref.card.levels()
	q.vae, err = q.ref.vae.Extend(q.card.levels(), o.NewLevels, q.stage.Shared.Seed)
	if err != nil {
		return pipeline.BadInput("%s: %w", q.stage.Reference.Model(), err)
	}
	q.card.Config, q.card.Epochs = q.vae.Config, 0
	q.ref.vae = nil // its memory is training's
	if err := q.setPrior(old.Batch); err != nil || o.untrained() {
		return err
	}
	frozen := o.Freezing.model()
	q.vae.Freeze(frozen, old)
	free, all := q.vae.Free()
	q.job.Note("%s of %s weights are trained, the others are the reference's", counts.Thousands(int64(free)), counts.Thousands(int64(all)))
	if !frozen.KeepsLatent() {
		q.job.Warn("with these weights free the latents of the reference's cells change: embed them by this model too (--unfrozen, --no-freeze-expression, --no-freeze-batchnorm-encoder)")
	}
	return nil
}

// setPrior gives an inferred library size its prior in the batches from first on, of
// the query's cells; those of the reference's batches stay.
func (q *mapping) setPrior(first int) error {
	if q.totals == nil {
		return nil
	}
	moments := model.NewLibraryMoments(q.vae.NBatch)
	for i, total := range q.totals {
		if b := q.p.Batch[i]; int(b) >= first {
			moments.Add(b, total)
		}
	}
	mean, variance, err := moments.Prior()
	if err != nil {
		i := slices.IndexFunc(variance, func(v float64) bool { return !(v > 0) })
		return pipeline.BadInput("%s: the total counts of the new batch %s do not vary, so that the reference's inferred library size has no prior there: leave its cells out, or name another --batch-key",
			q.stage.Prepared(), counts.Printable(q.p.BatchLevels[i]))
	}
	return q.vae.SetLibraryPriorFrom(first, mean[first:], variance[first:])
}

// fit trains what is free.
func (q *mapping) fit(ctx context.Context) error {
	s, o := q.stage, q.stage.Options
	if o.untrained() {
		q.job.Count("epochs", 0)
		q.job.Note("mapped without training (--epochs 0): a new level has the %s", map[string]string{
			model.FromMean: "mean of the reference's weights", model.FromRandom: "random weights that training would begin with"}[o.NewLevels])
		return nil
	}
	if q.data.Train.Len() < leastCells {
		return pipeline.BadInput("%s: %d cells to train on: at least 3 are needed; --epochs 0 maps any number without training", s.Prepared(), q.data.Train.Len())
	}
	train := &Train{Layout: s.Layout, Options: o.fit(), Shared: s.Shared}
	opt := train.Options.training(len(q.p.Row), s.Shared, q.job.Threads)
	if err := errors.Join(opt.Validate(q.vae.Config), train.Options.needsValidation(q.p)); err != nil {
		return pipeline.Usage("%w", err)
	}
	window, err := fitWindow(q.job, q.data, q.vae.Config, opt)
	if err != nil {
		return err
	}
	t, err := newTrainer(ctx, q.job, q.vae, q.data, window, opt)
	if err != nil {
		return err
	}
	defer t.Close()
	train.describe(q.job, t, opt, q.data)
	if o.Profile != "" {
		t.Measure()
	}
	if err := train.fit(ctx, q.job, t, q.st, fingerprint(q.st, q.p, q.identity())); err != nil {
		return err
	}
	q.card.Options, q.card.Epochs, q.history = t.Options(), t.At().Epoch, t.History
	return train.writeProfile(t)
}

// identity is what a checkpoint must be of, beside the cells.
func (q *mapping) identity() string {
	return q.begun + asJSON(struct {
		Freezing
		NewLevels string
	}{q.stage.Options.Freezing, q.stage.Options.NewLevels})
}

// publish writes the model. Its dropout is the reference's again, which it may have
// been trained without.
func (q *mapping) publish() error {
	q.vae.DropoutRate = q.ref.card.Config.DropoutRate
	q.card.Config = q.vae.Config
	train := &Train{Layout: q.stage.Layout}
	return train.publishAs(q.vae, q.card, q.history, q.p, q.pick)
}
