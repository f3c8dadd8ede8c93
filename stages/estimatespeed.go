package stages

import (
	"context"
	"errors"
	"math"
	"time"

	"cellvi/model"
	"cellvi/pipeline"
)

// speed is how long a cell takes on this machine.
type speed struct{ train, validate float64 } // seconds

// errEnough ends training that was only to be timed.
var errEnough = errors.New("enough was measured")

// trainingSpeed trains a model of cfg on made-up cells for a moment: real minibatches
// of as many counts above zero as the cells have, and validation every epoch.
func trainingSpeed(ctx context.Context, cfg model.Config, opt model.TrainOptions, perCell float64) (x speed, err error) {
	const minibatches = 16 // of an epoch
	train, held := minibatches*opt.BatchSize, 2*opt.BatchSize
	vae := model.New[float32](cfg)
	vae.Initialize(opt.Seed)
	mean, variance := make([]float64, cfg.NBatch), make([]float64, cfg.NBatch)
	for i := range mean {
		mean[i], variance[i] = math.Log(1000), 1
	}
	if err := vae.SetLibraryPrior(mean, variance); err != nil {
		return x, err
	}
	opt.MaxEpochs, opt.CheckVal, opt.Stop.Enabled, opt.Plateau.Enabled = math.MaxInt32, 1, false, false
	cells := madeUp(cfg, train+held, perCell)
	t := model.NewTrainer(vae, cells, numbers(0, train), numbers(train, cells.Len()), opt)
	defer t.Close()
	w := &stopwatch{began: time.Now()}
	t.AfterStep = w.step
	for err == nil && time.Since(w.began) < measuring {
		w.last = time.Now()
		if _, err = t.Epoch(ctx); err == nil {
			w.held += time.Since(w.last)
			w.epochs++
		}
	}
	if err != nil && !errors.Is(err, errEnough) && !errors.Is(err, model.ErrDiverged) {
		return x, err
	}
	return w.speed(opt.BatchSize, held), nil
}

// stopwatch takes the times of training steps, but for the first two: these are those
// of memory that was never touched.
type stopwatch struct {
	began, last  time.Time
	steps, timed int
	spent, held  time.Duration // in timed steps, and after the last of each epoch
	epochs       int
}

func (w *stopwatch) step() error {
	now := time.Now()
	if w.steps++; w.steps > 2 {
		w.timed++
		w.spent += now.Sub(w.last)
	}
	w.last = now
	if now.Sub(w.began) > 2*measuring && w.timed > 0 {
		return errEnough
	}
	return nil
}

// speed is what the times come to. Where no epoch was finished, validation is taken for
// a third of training: a pass forward of three.
func (w *stopwatch) speed(minibatch, held int) (x speed) {
	if w.timed > 0 {
		x.train = w.spent.Seconds() / float64(w.timed*minibatch)
	}
	x.validate = x.train / 3
	if w.epochs > 0 {
		x.validate = w.held.Seconds() / float64(w.epochs*held)
	}
	return x
}

// evaluationSpeed puts made-up cells through a model for a moment: cells a second.
func evaluationSpeed(ctx context.Context, job *pipeline.Job, cfg model.Config, perCell float64,
	put func(e *model.Evaluator, cells *model.Cells, rows []int32) error) (perSecond float64, err error) {
	vae := model.New[float32](cfg)
	vae.Initialize(0)
	e, cells := model.NewEvaluator(vae, job.Threads), madeUp(cfg, 256*job.Threads, perCell)
	done, began := 0, time.Now()
	for time.Since(began) < measuring/2 {
		if err := errors.Join(ctx.Err(), put(e, cells, span(0, cells.Len()))); err != nil {
			return 0, err
		}
		if done == 0 { // once for memory that was never touched
			began = time.Now()
		}
		done += cells.Len()
	}
	return float64(done-cells.Len()) / max(time.Since(began).Seconds(), 1e-9), nil
}
