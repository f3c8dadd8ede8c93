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

// Run trains on the prepared cells, and publishes the model, its history and
// what it learned of each gene. A checkpoint of the same data and options is
// taken up where it stopped.
func (s *Train) Run(ctx context.Context, job *pipeline.Job) error {
	if err := s.checkProfile(); err != nil {
		return err
	}
	st, err := store.Open(s.Store())
	if err != nil {
		return err
	}
	defer st.Close() // nothing was written to it
	p, err := readPrepared(s.Prepared(), st)
	if err != nil {
		return err
	}
	before, err := s.before(p)
	if err != nil {
		return err
	}
	cfg, opt, err := s.settle(job, p)
	if err != nil {
		return err
	}
	totals := s.totals(cfg, p)
	data, err := survey(ctx, job, newCellSource(st, p, newPicker(p.Picked)), totals)
	if err != nil {
		return err
	}
	if data.Train.Len() < 3 {
		return pipeline.BadInput("%s: %d cells to train on: at least 3 are needed", s.Prepared(), data.Train.Len())
	}
	window, err := fitWindow(job, data, cfg, opt)
	if err != nil {
		return err
	}
	if err := s.checkThen(job, cfg, p); err != nil {
		return err
	}
	vae, begun, err := s.begin(job, cfg, before, p, totals)
	if err != nil {
		return err
	}
	t, err := newTrainer(ctx, job, vae, data, window, opt)
	if err != nil {
		return err
	}
	defer t.Close()
	s.describe(job, t, opt, data)
	if s.Options.Profile != "" {
		t.Measure()
	}
	if err := s.fit(ctx, job, t, st, fingerprint(st, p, begun)); err != nil {
		return err
	}
	if err := s.writeProfile(t); err != nil {
		return err
	}
	if err := s.publish(vae, t, p); err != nil {
		return err
	}
	return os.RemoveAll(s.Checkpoint())
}

// newTrainer makes a trainer over all cells in memory, window 0, or over windows.
func newTrainer(ctx context.Context, job *pipeline.Job, vae *model.VAE[float32], data *model.Dataset, window int, opt model.TrainOptions) (*model.Trainer, error) {
	job.Count("window_cells", int64(window))
	if window > 0 {
		job.Note("streams: windows of %d of the %d cells to train on are in memory, for --memory %s; results depend on the window",
			window, data.Train.Len(), human(job.Memory))
		return model.NewStreamTrainer(vae, data, window, opt), nil
	}
	job.Note("all %d cells are held in memory: %s", data.Train.Len()+data.Val.Len(), human(data.Bytes()))
	cells, err := data.Load(ctx, opt.Threads)
	if err != nil {
		return nil, err
	}
	if err := cells.Check(vae.Config); err != nil {
		return nil, err
	}
	return model.NewTrainer(vae, cells, numbers(0, data.Train.Len()), numbers(data.Train.Len(), cells.Len()), opt), nil
}

// numbers are from … to−1.
func numbers(from, to int) []int {
	rows := make([]int, to-from)
	for i := range rows {
		rows[i] = from + i
	}
	return rows
}

// describe says what training will do before it does it.
func (s *Train) describe(job *pipeline.Job, t *model.Trainer, opt model.TrainOptions, data *model.Dataset) {
	train, val := data.Train.Len(), data.Val.Len()
	job.Count("cells_train", int64(train))
	job.Count("cells_validation", int64(val))
	job.Note("training on %d cells, %d held out for validation, %s of %s", train, val,
		plural(int64(opt.MaxEpochs), "epoch", "epochs"), plural(int64(t.Batches()), "minibatch", "minibatches"))
	job.Note("%s", summary(t.Config()))
	job.Count("epochs_kl_warmup", int64(opt.KL.Epochs))
	job.Note("%s", finalWeight(opt, t.Batches()))
	if rest := train % opt.BatchSize; rest > 0 && rest < 3 && train > opt.BatchSize {
		job.Note("the last minibatch of each epoch would have %d cells, too few for batch normalization: it joins the one before", rest)
	}
}

// fit trains to the end, from the checkpoint where there is one, saving one as
// time goes by and when ctx is done.
func (s *Train) fit(ctx context.Context, job *pipeline.Job, t *model.Trainer, st *store.Store, data string) error {
	cp := checkpoint{path: s.Checkpoint(), data: data, cells: s.Prepared()}
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
			return diverged(stopped(err, &cp, t), st, &cp)
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
// checkpoint; but one of other options stays until the first that is due: who reads
// the warning and stops has lost nothing.
func stopped(err error, cp *checkpoint, t *model.Trainer) error {
	interrupted := errors.Is(err, context.Canceled)
	if interrupted && cp.foreign {
		return pipeline.Interrupted("interrupted in epoch %d; nothing was saved: %s is still that of other options: with those training goes on from it", t.At().Epoch+1, cp.path)
	}
	if interrupted {
		err = cp.save(t)
	}
	switch {
	case interrupted && err != nil:
		return fmt.Errorf("interrupted, and the checkpoint was not saved: %w", err)
	case interrupted:
		return pipeline.Interrupted("interrupted in epoch %d; the state is saved in %s: run the same command again to go on", t.At().Epoch+1, cp.path)
	}
	return err
}
