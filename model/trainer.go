package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

// TrainOptions are the knobs of training, named as scvi-tools names them.
type TrainOptions struct {
	MaxEpochs int           `json:"max_epochs"`
	BatchSize int           `json:"batch_size"` // cells of a minibatch
	Seed      uint64        `json:"seed"`
	Adam      AdamOptions   `json:"adam"`
	KL        KLWarmup      `json:"kl"`
	Stop      EarlyStopping `json:"early_stopping"`
	Threads   int           `json:"-"` // does not change results
}

// DefaultTrain is scvi-tools' defaults with seed 0; MaxEpochs is HeuristicEpochs of the cells.
func DefaultTrain(cells int) TrainOptions {
	return TrainOptions{MaxEpochs: HeuristicEpochs(cells), BatchSize: 128, Adam: DefaultAdam(),
		KL: KLWarmup{Epochs: 400, Max: 1}, Stop: EarlyStopping{Monitor: "elbo_validation", Patience: 45}, Threads: 1}
}

// Validate returns every problem at once.
func (o TrainOptions) Validate() error {
	var problems []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	check(o.MaxEpochs >= 1, "max_epochs is %d, below 1", o.MaxEpochs)
	check(o.BatchSize >= 3, "batch_size is %d: batch normalization needs at least 3 cells", o.BatchSize)
	check(o.Adam.LR > 0, "lr is %g, not above 0", o.Adam.LR)
	check(o.Adam.WeightDecay >= 0, "weight_decay is %g, below 0", o.Adam.WeightDecay)
	check(o.Adam.Eps > 0, "eps is %g, not above 0", o.Adam.Eps)
	check(o.KL.Min >= 0 && o.KL.Max >= o.KL.Min, "KL weights from %g to %g: need 0 ≤ minimum ≤ maximum", o.KL.Min, o.KL.Max)
	check(o.KL.Epochs >= 0 && o.KL.Steps >= 0, "KL warm-up of %d epochs, %d steps: below 0", o.KL.Epochs, o.KL.Steps)
	_, known := EpochStats{}.Metric(o.Stop.Monitor)
	check(!o.Stop.Enabled || known, "early_stopping_monitor %q: there are elbo_validation, reconstruction_loss_validation, kl_local_validation", o.Stop.Monitor)
	return errors.Join(problems...)
}

// ErrDiverged says that a loss was not finite; training stopped there.
var ErrDiverged = errors.New("training diverged")

// Trainer trains a VAE on cells. It goes epoch by epoch; between epochs its
// State can be taken, and given to a new Trainer to go on with the same bits.
type Trainer struct {
	vae        *VAE[float32]
	opt        TrainOptions
	cells      *Cells
	train, val []int // rows of cells
	workers    *workers
	pass       *Pass[float32]
	mini       *Minibatch[float32]
	eval       *Evaluator
	at         Position
	stopped    bool
	stopper    stopper
	History    []EpochStats

	// AfterStep, where set, is called after every step, when State may be
	// taken; its error ends training.
	AfterStep func() error
}

// Position is how far training has come.
type Position struct {
	Epoch int    `json:"epoch"` // epochs done
	Batch int    `json:"batch"` // minibatches done of the epoch after them
	Step  int    `json:"step"`  // Adam steps done in all
	Sum   losses `json:"sum"`   // over the cells of those minibatches
}

// NewTrainer makes a Trainer over the rows train and val of cells; val may be
// empty. Call Close when done.
func NewTrainer(vae *VAE[float32], cells *Cells, train, val []int, opt TrainOptions) *Trainer {
	t := &Trainer{vae: vae, opt: opt, cells: cells, train: slices.Clone(train), val: val, workers: newWorkers(opt.Threads), mini: &Minibatch[float32]{}}
	t.pass = newPass(vae, t.workers)
	t.eval = NewEvaluator(vae, opt.Threads)
	return t
}

// Close ends the Trainer's goroutines.
func (t *Trainer) Close() { t.workers.close() }

// Done says whether no epoch is left: all are done, or early stopping said so.
func (t *Trainer) Done() bool { return t.stopped || t.at.Epoch >= t.opt.MaxEpochs }

// StoppedEarly says whether early stopping ended training.
func (t *Trainer) StoppedEarly() bool { return t.stopped }

// At is how far training has come.
func (t *Trainer) At() Position { return t.at }

// Batches is the number of minibatches in an epoch.
func (t *Trainer) Batches() int { return len(cutRows(t.train, t.opt.BatchSize)) }

// Epoch trains one epoch, or what is left of it, evaluates the validation
// cells, and appends to History. When ctx is done it stops between two steps
// with ctx's error; State may be taken then, and a Trainer that resumes from it
// goes on with the next step.
func (t *Trainer) Epoch(ctx context.Context) (EpochStats, error) {
	stats := EpochStats{Epoch: t.at.Epoch, LR: t.opt.Adam.LR}
	if err := t.trainEpoch(ctx, &stats); err != nil {
		return stats, err
	}
	if err := t.Finite(); err != nil {
		return stats, err
	}
	if err := t.validate(ctx, &stats); err != nil {
		return stats, err
	}
	t.History = append(t.History, stats)
	value, _ := stats.Metric(t.opt.Stop.Monitor)
	t.stopped = len(t.val) > 0 && t.stopper.stop(t.opt.Stop, t.at.Epoch, value)
	t.at = Position{Epoch: t.at.Epoch + 1, Step: t.at.Step}
	return stats, nil
}

// trainEpoch does the minibatches that the epoch has left.
func (t *Trainer) trainEpoch(ctx context.Context, stats *EpochStats) error {
	// The weight of the epoch's last step, also when no step is left of it.
	stats.KLWeight = t.opt.KL.Weight(t.at.Epoch, t.at.Step-1)
	for _, rows := range cutRows(t.shuffled(), t.opt.BatchSize)[t.at.Batch:] {
		if err := ctx.Err(); err != nil {
			return err
		}
		stats.KLWeight = t.opt.KL.Weight(t.at.Epoch, t.at.Step)
		t.prepare(rows)
		loss := t.trainStep(stats.KLWeight)
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return fmt.Errorf("%w: epoch %d, minibatch %d: the loss is %g", ErrDiverged, t.at.Epoch+1, t.at.Batch+1, loss)
		}
		t.at.Sum.add(t.pass.Rec, t.pass.KL, stats.KLWeight)
		t.at.Batch++
		if t.AfterStep != nil {
			if err := t.AfterStep(); err != nil {
				return err
			}
		}
	}
	stats.Train = t.at.Sum.mean()
	return ctx.Err()
}

// prepare fills the minibatch with rows and the random numbers of its step, cut
// by cells among the workers. A goroutine that prepares ahead was slower: it
// takes a core from a worker that the others wait for.
func (t *Trainer) prepare(rows []int) {
	c, m, bounds := t.vae.Config, t.mini, t.vae.head.bounds
	d := draws{seed: t.opt.Seed, noise: LatentNoise, epoch: t.at.Epoch, latent: c.NLatent, layers: c.NLayers, h: c.NHidden, rate: c.DropoutRate}
	m.layout(t.cells, rows, len(bounds))
	m.layoutDraws(d)
	byCells(t.workers, m.B, func(lo, hi int) {
		m.fillCells(t.cells, rows, bounds, lo, hi)
		m.drawCells(t.cells, rows, d, lo, hi)
	})
}

// Finite returns ErrDiverged where a parameter is no longer a finite number.
func (t *Trainer) Finite() error {
	if err := t.vae.Finite(); err != nil {
		return fmt.Errorf("%w: epoch %d, after minibatch %d: %w", ErrDiverged, t.at.Epoch+1, t.at.Batch, err)
	}
	return nil
}

// shuffled is the training rows in the epoch's order, a function of seed and epoch.
func (t *Trainer) shuffled() []int {
	rows := slices.Clone(t.train)
	Stream(t.opt.Seed, Shuffle, uint64(t.at.Epoch), 0).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	return rows
}

// trainStep is one step of Adam on the minibatch; it returns the loss before it.
func (t *Trainer) trainStep(weight float64) float64 {
	t.pass.forward(t.mini, true)
	loss := t.pass.loss(weight)
	t.at.Step++
	s := t.opt.Adam.step(t.at.Step)
	t.pass.backward(weight, func(lo, hi int) { t.vae.update(lo, hi, s) })
	return loss
}

func (t *Trainer) validate(ctx context.Context, stats *EpochStats) error {
	if len(t.val) == 0 {
		return nil
	}
	sum, err := t.eval.losses(ctx, t.cells, t.val, t.opt.Seed, t.at.Epoch, stats.KLWeight)
	mean := sum.mean()
	stats.Validation = &mean
	if loss := mean.ELBO(); err == nil && (math.IsNaN(loss) || math.IsInf(loss, 0)) {
		return fmt.Errorf("%w: epoch %d: the loss of the validation cells is %g", ErrDiverged, t.at.Epoch+1, loss)
	}
	return err
}

// Options are the Trainer's.
func (t *Trainer) Options() TrainOptions { return t.opt }

// Epochs is the number of epochs that training goes for, early stopping apart.
func (t *Trainer) Epochs() int { return t.opt.MaxEpochs }

// TrainCells is the number of cells in an epoch.
func (t *Trainer) TrainCells() int { return len(t.train) }
