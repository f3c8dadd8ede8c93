package model

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"cellvi/model/kernel"
)

// TrainOptions are the knobs of training, named as scvi-tools names them.
type TrainOptions struct {
	MaxEpochs int           `json:"max_epochs"`
	BatchSize int           `json:"batch_size"` // cells of a minibatch
	Seed      uint64        `json:"seed"`
	Adam      AdamOptions   `json:"adam"`
	KL        KLWarmup      `json:"kl"`
	Stop      EarlyStopping `json:"early_stopping"`
	Plateau   Plateau       `json:"plateau"`
	CheckVal  int           `json:"check_val_every_n_epoch"` // epochs from one validation to the next; 0: 1
	Precision string        `json:"precision"`               // Float32 or BFloat16: of the head's products
	Objective Objective     `json:"objective"`
	Threads   int           `json:"-"` // does not change results
}

// The numbers that the head's matrix products take while training.
const (
	Float32  = "f32"
	BFloat16 = "bf16"
)

// DefaultTrain is scvi-tools' defaults with seed 0; MaxEpochs is HeuristicEpochs of the cells.
func DefaultTrain(cells int) TrainOptions {
	return TrainOptions{MaxEpochs: HeuristicEpochs(cells), BatchSize: 128, Adam: DefaultAdam(),
		KL: KLWarmup{Epochs: 400, Max: 1}, Stop: EarlyStopping{Monitor: "elbo_validation", Patience: 45},
		Plateau: DefaultPlateau(), CheckVal: 1, Precision: Float32, Threads: 1}
}

// Validate returns every problem at once, those of training a model of cfg included.
func (o TrainOptions) Validate(cfg Config) error {
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
	check(slices.Contains([]string{PlainAdam, AdamW}, o.Adam.Optimizer), "optimizer %q: there are Adam and AdamW", o.Adam.Optimizer)
	check(o.CheckVal >= 0, "check_val_every_n_epoch is %d, below 0", o.CheckVal)
	check(!o.Stop.Enabled || slices.Contains(Metrics(), o.Stop.Monitor), "early_stopping_monitor %q: there are %q", o.Stop.Monitor, Metrics())
	if p := o.Plateau; p.Enabled {
		check(slices.Contains(Metrics(), p.Metric), "lr_scheduler_metric %q: there are %q", p.Metric, Metrics())
		check(p.Factor > 0 && p.Factor < 1, "lr_factor is %g, not between 0 and 1", p.Factor)
		check(p.Patience >= 0 && p.Threshold >= 0 && p.Min >= 0, "lr_patience %d, lr_threshold %g, lr_min %g: none may be below 0", p.Patience, p.Threshold, p.Min)
	}
	check(o.Precision == Float32 || o.Precision == BFloat16, "precision %q: there are f32 and bf16", o.Precision)
	problems = append(problems, o.Objective.validate(cfg))
	if o.Precision == BFloat16 {
		_, can := kernel.NewHalf()
		check(can, "precision bf16 needs a processor with AVX-512 BF16 instructions, and this one has none: use f32")
		check(cfg.Model != LinearSCVI, "precision bf16 is for decoders with a hidden layer, LinearSCVI's has none: use f32")
		check(halvable(cfg.NHidden), "precision bf16 needs n_hidden in multiples of 32, it is %d", cfg.NHidden)
	}
	return errors.Join(problems...)
}

// Trainer trains a VAE on cells. It goes epoch by epoch; between epochs its
// State can be taken, and given to a new Trainer to go on with the same bits.
type Trainer struct {
	vae     *VAE[float32]
	opt     TrainOptions
	pool    *pool
	held    Source  // of the validation cells
	val     []int32 // rows of held
	workers *workers
	pass    *Pass[float32]
	learn   learner
	mini    *Minibatch[float32] // the present one
	spare   *Minibatch[float32] // the next, where ahead says which it is
	ahead   [2]int              // epoch, minibatch
	eval    *Evaluator
	at      Position
	last    stepped
	stopped bool
	stopper stopper
	rate    rate
	History []EpochStats
	clock   *clock // nil: not measured
	profile Profile

	// AfterStep, where set, is called after every step, when State may be
	// taken; its error ends training.
	AfterStep func() error
}

var nowhere = [2]int{-1, -1}

// Position is how far training has come.
type Position struct {
	Epoch int    `json:"epoch"` // epochs done
	Batch int    `json:"batch"` // minibatches done of the epoch after them
	Step  int    `json:"step"`  // Adam steps done in all
	Sum   losses `json:"sum"`   // over the cells of those minibatches
}

// NewTrainer makes a Trainer over the rows train and val of cells in memory; val
// may be empty. Call Close when done.
func NewTrainer(vae *VAE[float32], cells *Cells, train, val []int, opt TrainOptions) *Trainer {
	held := make([]int32, len(val))
	for i, r := range val {
		held[i] = int32(r)
	}
	return newTrainer(vae, newPool(cells, train, opt), cells, held, opt)
}

// NewStreamTrainer makes a Trainer that keeps two windows of the training cells
// in memory, each of so many rows, a multiple of the minibatch's: see pool. What
// it learns depends on the window, and on nothing else of memory. The data must
// stay as they are until Close.
func NewStreamTrainer(vae *VAE[float32], data *Dataset, window int, opt TrainOptions) *Trainer {
	return newTrainer(vae, newStream(data, window, opt), data.Source, data.Val.Rows, opt)
}

func newTrainer(vae *VAE[float32], p *pool, held Source, val []int32, opt TrainOptions) *Trainer {
	t := &Trainer{vae: vae, opt: opt, pool: p, held: held, val: val, workers: newWorkers(opt.Threads), mini: &Minibatch[float32]{},
		spare: &Minibatch[float32]{}, ahead: nowhere}
	if opt.Precision == BFloat16 {
		vae.useHalf()
	}
	t.pass = newPass(vae, t.workers)
	if vae.Model == AutoZI {
		t.pass.weight = float64(p.n)
	}
	t.learn = newLearner(t.pass, opt.Objective)
	t.rate = rate{LR: opt.Adam.LR}
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
func (t *Trainer) Batches() int { return minibatches(t.pool.n, t.opt.BatchSize) }

// Epoch trains one epoch, or what is left of it, evaluates the validation
// cells, and appends to History. When ctx is done it stops between two steps
// with ctx's error; State may be taken then, and a Trainer that resumes from it
// goes on with the next step.
func (t *Trainer) Epoch(ctx context.Context) (EpochStats, error) {
	stats := EpochStats{Epoch: t.at.Epoch, LR: t.rate.LR}
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
	if value, _ := stats.Metric(t.opt.Stop.Monitor); value == value { // NaN in an epoch that does not validate
		t.stopped = t.stopper.stop(t.opt.Stop, t.at.Epoch, value)
	}
	if value, _ := stats.Metric(t.opt.Plateau.Metric); t.opt.Plateau.Enabled && value == value {
		t.rate.step(t.opt.Plateau, value)
	}
	t.at = Position{Epoch: t.at.Epoch + 1, Step: t.at.Step}
	return stats, nil
}

// trainEpoch does the minibatches that the epoch has left.
func (t *Trainer) trainEpoch(ctx context.Context, stats *EpochStats) error {
	// The weight of the epoch's last step, also when no step is left of it.
	stats.KLWeight = t.opt.KL.Weight(t.at.Epoch, t.at.Step-1)
	for batches := t.Batches(); t.at.Batch < batches; {
		if err := ctx.Err(); err != nil {
			return err
		}
		stats.KLWeight = t.opt.KL.Weight(t.at.Epoch, t.at.Step)
		began := t.clock.begin()
		if err := t.prepare(ctx); err != nil {
			return err
		}
		if err := t.trainStep(ctx, stats.KLWeight); err != nil {
			return err
		}
		t.count(began)
		t.at.Sum.add(t.pass.Rec, t.pass.KL, t.pass.KLLibrary, objective{stats.KLWeight, t.pass.weight, t.pass.global, t.learn.cellBounds()})
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

// prepare fills the minibatch, unless the step before has done it.
func (t *Trainer) prepare(ctx context.Context) error {
	if t.ahead == [2]int{t.at.Epoch, t.at.Batch} {
		t.mini, t.spare, t.ahead = t.spare, t.mini, nowhere
		return nil
	}
	s := t.clock.now()
	cells, rows, err := t.pool.minibatch(ctx, t.workers, t.at.Epoch, t.at.Batch)
	if err != nil {
		return err
	}
	n, task := t.filling(t.mini, cells, rows, t.at.Batch)
	t.clock.lap(Loading, s)
	t.workers.do(n, task)
	return nil
}

// next gives the tasks that fill the minibatch after the present one, where its
// cells are in memory: for workers that would have to wait.
func (t *Trainer) next(ctx context.Context) (tasks int, task func(i int)) {
	batch := t.at.Batch + 1
	if !t.pool.has(t.at.Epoch, batch) {
		return 0, nil
	}
	s := t.clock.now()
	cells, rows, err := t.pool.minibatch(ctx, t.workers, t.at.Epoch, batch)
	if err != nil {
		return 0, nil // prepare will meet it
	}
	t.ahead = [2]int{t.at.Epoch, batch}
	tasks, task = t.filling(t.spare, cells, rows, batch)
	t.clock.lap(Loading, s)
	return tasks, task
}

// filling is the tasks that fill m with the rows of a minibatch and the random
// numbers of its step, cut by cells, and those that load this step's share of
// what comes later. There is no goroutine that prepares ahead: it would take a
// core from a worker that the others wait for.
func (t *Trainer) filling(m *Minibatch[float32], cells *Cells, rows []int, batch int) (tasks int, task func(i int)) {
	f, d := t.vae.frame, t.vae.draws(t.opt.Seed, t.at.Epoch, batch)
	d.more = t.opt.Objective.more()
	m.layout(cells, rows, f)
	m.layoutDraws(d)
	loads, load := t.pool.share(batch)
	return loads + chunks(m.B), func(i int) {
		s := t.clock.now()
		if i < loads { // first, for they take longest
			load(i)
		} else {
			lo, hi := chunkAt(i-loads, m.B)
			m.fillCells(cells, rows, f, lo, hi)
			m.drawCells(cells, rows, d, lo, hi)
		}
		t.clock.lap(Loading, s)
	}
}

// chunks is the number of tasks that n cells are cut into, chunkAt task i's cells.
func chunks(n int) int              { return (n + chunk - 1) / chunk }
func chunkAt(i, n int) (lo, hi int) { return i * chunk, min((i+1)*chunk, n) }

// trainStep is one step of Adam on the minibatch, unless its loss is not finite.
func (t *Trainer) trainStep(ctx context.Context, weight float64) error {
	t.learn.forward(t.mini, weight)
	if loss := t.learn.loss(weight); math.IsNaN(loss) || math.IsInf(loss, 0) {
		return t.diverged()
	}
	t.last.remember(t.at, t.mini)
	t.at.Step++
	s := t.opt.Adam.step(t.at.Step, t.rate.LR)
	t.learn.backward(weight, func(lo, hi int) { t.vae.update(lo, hi, s) }, func() (int, func(i int)) { return t.next(ctx) })
	return nil
}

func (t *Trainer) validate(ctx context.Context, stats *EpochStats) error {
	if len(t.val) == 0 || (t.at.Epoch+1)%max(1, t.opt.CheckVal) != 0 {
		return nil
	}
	draws := t.vae.heldDraws(t.opt.Seed, t.at.Epoch)
	sum, err := t.eval.losses(ctx, t.held, t.val, draws, objective{stats.KLWeight, t.pass.weight, t.vae.globalKL(), nil})
	mean := sum.mean()
	stats.Validation = &mean
	if loss := mean.ELBO(); err == nil && (math.IsNaN(loss) || math.IsInf(loss, 0)) {
		d, err := t.eval.diverged(ctx, t.held, t.val, draws)
		d.Epoch = t.at.Epoch + 1
		return cmp.Or[error](err, d)
	}
	return err
}

// Window is the rows of a window, 0 where all cells are in memory.
func (t *Trainer) Window() int {
	if t.pool.data == nil {
		return 0
	}
	return t.pool.size
}

// Config is the model's.
func (t *Trainer) Config() Config { return t.vae.Config }

// Options are the Trainer's.
func (t *Trainer) Options() TrainOptions { return t.opt }

// Epochs is the number of epochs that training goes for, early stopping apart.
func (t *Trainer) Epochs() int { return t.opt.MaxEpochs }

// TrainCells is the number of cells in an epoch.
func (t *Trainer) TrainCells() int { return t.pool.n }
