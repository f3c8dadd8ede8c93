package stages

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

// Run loads the prepared cells, trains, and publishes the model, its history
// and what it learned of each gene. A checkpoint of the same data and options
// is taken up where it stopped.
func (s *Train) Run(ctx context.Context, job *pipeline.Job) error {
	st, err := store.Open(s.Store())
	if err != nil {
		return err
	}
	defer st.Close() // nothing was written to it
	p, err := readPrepared(s.Prepared(), st)
	if err != nil {
		return err
	}
	cfg, opt, err := s.settle(job, p)
	if err != nil {
		return err
	}
	if err := fitsTraining(job, st, p, cfg, opt); err != nil {
		return err
	}
	cells, err := loadCells(ctx, st, p)
	if err != nil {
		return err
	}
	if err := cells.Check(cfg); err != nil {
		return err
	}
	vae := model.New[float32](cfg)
	vae.Initialize(opt.Seed)
	train, val := p.rows("train"), p.rows("validation")
	if len(train) < 3 {
		return pipeline.BadInput("%s: %d cells to train on: at least 3 are needed", s.Prepared(), len(train))
	}
	t := model.NewTrainer(vae, cells, train, val, opt)
	defer t.Close()
	s.describe(job, t, opt, len(train), len(val))
	if err := s.fit(ctx, job, t, fingerprint(cells, train, val)); err != nil {
		return err
	}
	if err := s.publish(vae, t, p); err != nil {
		return err
	}
	return os.RemoveAll(s.Checkpoint())
}

// fitsTraining says before it happens that training does not fit the budget.
func fitsTraining(job *pipeline.Job, st *store.Store, p *prepared, cfg model.Config, opt model.TrainOptions) error {
	// int32 gene and float32 count; offsets, codes, names
	need := withSlack(p.nonzeros(st)*8 + int64(len(p.Row))*64 + model.TrainBytes(cfg, opt.BatchSize, opt.Threads))
	if job.Memory > 0 && need > job.Memory {
		return pipeline.OverMemory("training %d cells × %d genes needs about %s, --memory allows %s: raise it, or choose fewer genes with --n-top-genes",
			len(p.Row), cfg.NInput, human(need), human(job.Memory))
	}
	return nil
}

// loadCells brings the counts of kept cells and selected genes into memory.
func loadCells(ctx context.Context, st *store.Store, p *prepared) (*model.Cells, error) {
	pick, nnz := newPicker(p.Picked), p.nonzeros(st)
	all := &model.Cells{NGenes: pick.genes, Indptr: []int64{0}, Genes: make([]int32, 0, nnz), Counts: make([]float32, 0, nnz)}
	err := eachKept(ctx, st, p, pick, func(_ int, cells *model.Cells) error {
		base := int64(len(all.Genes))
		for _, end := range cells.Indptr[1:] {
			all.Indptr = append(all.Indptr, base+end)
		}
		all.Genes, all.Counts = append(all.Genes, cells.Genes...), append(all.Counts, cells.Counts...)
		all.Batch, all.Item = append(all.Batch, cells.Batch...), append(all.Item, cells.Item...)
		return nil
	})
	return all, err
}

// settle turns the options into the model's, every problem at once.
func (s *Train) settle(job *pipeline.Job, p *prepared) (model.Config, model.TrainOptions, error) {
	o, cells := s.Options, len(p.Row)
	cfg := model.Config{NInput: newPicker(p.Picked).genes, NBatch: len(p.BatchLevels), NLabels: len(p.LabelLevels),
		NHidden: o.NHidden, NLatent: o.NLatent, NLayers: o.NLayers, DropoutRate: o.DropoutRate,
		GeneLikelihood: o.GeneLikelihood, Dispersion: o.Dispersion}
	opt := model.DefaultTrain(cells)
	if o.MaxEpochs > 0 {
		opt.MaxEpochs = o.MaxEpochs
	}
	opt.BatchSize, opt.Seed, opt.Threads = s.Shared.BatchSize, s.Shared.Seed, job.Threads
	opt.Adam = model.AdamOptions{LR: o.LR, WeightDecay: o.WeightDecay, Eps: o.Eps}
	opt.KL = model.KLWarmup{Epochs: o.NEpochsKLWarmup, Steps: o.NStepsKLWarmup, Min: o.MinKLWeight, Max: o.MaxKLWeight}
	opt.Stop = model.EarlyStopping{Enabled: o.EarlyStopping, Monitor: o.EarlyStoppingMonitor,
		MinDelta: o.EarlyStoppingMinDelta, Patience: o.EarlyStoppingPatience, Warmup: o.EarlyStoppingWarmupEpochs}
	if err := errors.Join(cfg.Validate(), opt.Validate()); err != nil {
		return cfg, opt, pipeline.Usage("%w", err)
	}
	if o.EarlyStopping && len(p.rows("validation")) == 0 {
		return cfg, opt, pipeline.Usage("--early-stopping monitors validation cells, but all %d cells are trained on: leave some out with --train-size", cells)
	}
	return cfg, opt, nil
}

// describe says what training will do before it does it.
func (s *Train) describe(job *pipeline.Job, t *model.Trainer, opt model.TrainOptions, train, val int) {
	job.Count("cells_train", int64(train))
	job.Count("cells_validation", int64(val))
	job.Note("training on %d cells, %d held out for validation, %s of %s", train, val,
		plural(int64(opt.MaxEpochs), "epoch", "epochs"), plural(int64(t.Batches()), "minibatch", "minibatches"))
	final := opt.KL.Weight(opt.MaxEpochs-1, opt.MaxEpochs*t.Batches()-1)
	job.Note("the KL weight will end at %.4g (%s)", final, warmupFlag(opt.KL))
	if rest := train % opt.BatchSize; rest > 0 && rest < 3 && train > opt.BatchSize {
		job.Note("the last minibatch of each epoch would have %d cells, too few for batch normalization: it joins the one before", rest)
	}
}

// warmupFlag names the flag that rules the KL weight.
func warmupFlag(k model.KLWarmup) string {
	switch {
	case k.Epochs > 0:
		return fmt.Sprintf("--n-epochs-kl-warmup %d", k.Epochs)
	case k.Steps > 0:
		return fmt.Sprintf("--n-steps-kl-warmup %d", k.Steps)
	}
	return "no warm-up"
}

// fit trains to the end, from the checkpoint where there is one, saving one as
// time goes by and when ctx is done.
func (s *Train) fit(ctx context.Context, job *pipeline.Job, t *model.Trainer, data string) error {
	cp := checkpoint{path: s.Checkpoint(), data: data}
	if err := cp.load(job, t); err != nil {
		return err
	}
	saved := time.Now()
	t.AfterStep = func() error {
		job.Progress.Add(1)
		if time.Since(saved).Seconds() < s.Options.CheckpointEvery {
			return nil
		}
		saved = time.Now()
		return cp.save(t)
	}
	left := int64(t.Epochs()-t.At().Epoch)*int64(t.Batches()) - int64(t.At().Batch)
	job.Progress.Begin("training", "minibatches", left)
	defer job.Progress.End()
	for !t.Done() {
		if err := s.epoch(ctx, job, t); err != nil {
			return stopped(err, &cp, t)
		}
	}
	if t.StoppedEarly() {
		job.Note("early stopping: %s no longer fell, stopped after epoch %d", s.Options.EarlyStoppingMonitor, t.At().Epoch)
	}
	job.Count("epochs", int64(t.At().Epoch))
	return nil
}

// epoch trains one epoch and shows it.
func (s *Train) epoch(ctx context.Context, job *pipeline.Job, t *model.Trainer) error {
	start, before := time.Now(), t.At().Batch
	stats, err := t.Epoch(ctx)
	if err != nil {
		return err
	}
	cells := float64(t.TrainCells()) * float64(t.Batches()-before) / float64(t.Batches())
	e := pipeline.Epoch{Number: stats.Epoch + 1, Of: t.Epochs(), ELBO: stats.Train.ELBO(), ELBOValidation: math.NaN(),
		KLWeight: stats.KLWeight, CellsPerSecond: cells / time.Since(start).Seconds()}
	if stats.Validation != nil {
		e.ELBOValidation = stats.Validation.ELBO()
	}
	job.Progress.Epoch(e)
	return nil
}

// stopped says why training ended before its time. An interrupt leaves a
// checkpoint; divergence leaves the last one saved before it.
func stopped(err error, cp *checkpoint, t *model.Trainer) error {
	interrupted := errors.Is(err, context.Canceled)
	if interrupted {
		err = cp.save(t)
	}
	switch {
	case errors.Is(err, model.ErrDiverged):
		return pipeline.Diverged("%w: look for cells with extreme counts, or lower --lr", err)
	case interrupted && err != nil:
		return fmt.Errorf("interrupted, and the checkpoint was not saved: %w", err)
	case interrupted:
		return pipeline.Interrupted("interrupted in epoch %d; the state is saved in %s: run the same command again to go on", t.At().Epoch+1, cp.path)
	}
	return err
}
