package model

import (
	"cmp"
	"context"
	"math"
	"sync"
	"sync/atomic"
)

// Evaluator runs a VAE in evaluation: running statistics, no dropout. Cells do
// not see each other there, so whole minibatches go to threads side by side.
type Evaluator struct {
	vae    *VAE[float32]
	passes []*Pass[float32]
	mini   []*Minibatch[float32]
	cells  []*Cells // of the minibatches
}

// evalBatch is the cells of a minibatch in evaluation. Every minibatch is filled
// up to it, because a matrix product of another shape may add in another order:
// so a cell's numbers have the same bits whatever cells stand beside it.
const evalBatch = 128

// NewEvaluator makes an Evaluator that uses the given number of threads.
func NewEvaluator(vae *VAE[float32], threads int) *Evaluator {
	e := &Evaluator{vae: vae}
	for range max(threads, 1) {
		e.passes = append(e.passes, newPass(vae, serial{}))
		e.mini = append(e.mini, &Minibatch[float32]{})
		e.cells = append(e.cells, NewCells(vae.Width(), evalBatch, Extent{}))
	}
	return e
}

// task is a minibatch of an evaluation: the rows from first on, n of them, filled
// up with nobody.
type task struct {
	first, n int
	cells    *Cells
	rows     []int // of cells
	mini     *Minibatch[float32]
	pass     *Pass[float32]
}

// each cuts rows of source into minibatches, reads each, and calls do for each,
// from several goroutines. It stops early when ctx is done, or with the error of
// the first minibatch, in their order, that could not be read.
func (e *Evaluator) each(ctx context.Context, source Source, rows []int32, do func(task)) error {
	var next atomic.Int64
	var over atomic.Bool
	var group sync.WaitGroup
	var fault fault
	errs, at := make([]error, len(e.passes)), make([]int, len(e.passes))
	work := func(w int) {
		t := task{cells: e.cells[w], rows: make([]int, evalBatch), mini: e.mini[w], pass: e.passes[w]}
		for ctx.Err() == nil && !over.Load() {
			t.first = int(next.Add(1)-1) * evalBatch
			if t.first >= len(rows) {
				return
			}
			if at[w], errs[w] = t.first, t.read(source, rows); errs[w] != nil {
				over.Store(true) // all minibatches before it were begun already
				return
			}
			do(t)
		}
	}
	for w := range e.passes {
		group.Go(func() { fault.catch(func() { work(w) }) })
	}
	group.Wait()
	fault.rethrow()
	return cmp.Or(ctx.Err(), firstError(at, errs))
}

// eachUntil is each of work that may fail: its first error ends it.
func (e *Evaluator) eachUntil(ctx context.Context, source Source, rows []int32, do func(context.Context, task) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err := e.each(ctx, source, rows, func(t task) {
		if err := do(ctx, t); err != nil {
			cancel(err)
		}
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// firstError is the error of the lowest place.
func firstError(at []int, errs []error) (err error) {
	lowest := math.MaxInt
	for w, e := range errs {
		if e != nil && at[w] < lowest {
			lowest, err = at[w], e
		}
	}
	return err
}

// read brings the minibatch's cells into memory and announces those to come.
func (t *task) read(source Source, rows []int32) error {
	end := min(t.first+evalBatch, len(rows))
	if later := end + ahead/2*evalBatch; later < len(rows) {
		source.Soon(rows[later:min(later+evalBatch, len(rows))])
	}
	t.n = end - t.first
	for i := range t.rows {
		t.rows[i] = i
		if i >= t.n {
			t.rows[i] = nobody
		}
	}
	t.cells.Reset()
	return source.Read(rows[t.first:end], t.cells)
}

// heldDraws are the random numbers of an evaluation of validation cells.
func (v *VAE[T]) heldDraws(seed uint64, epoch int) draws {
	d := v.draws(seed, epoch, 0)
	d.noise, d.rate = ValidationNoise, 0
	return d
}

// losses evaluates rows of source with one sample of z each.
func (e *Evaluator) losses(ctx context.Context, source Source, rows []int32, d draws, of objective) (losses, error) {
	rec, kl, library := make([]float64, len(rows)), make([]float64, len(rows)), make([]float64, len(rows))
	err := e.each(ctx, source, rows, func(t task) {
		t.mini.fill(t.cells, t.rows, e.vae.frame)
		t.mini.draw(t.cells, t.rows, d)
		t.pass.forward(t.mini, false)
		copy(rec[t.first:], t.pass.Rec[:t.n])
		copy(kl[t.first:], t.pass.KL[:t.n])
		copy(library[t.first:], t.pass.KLLibrary[:t.n])
	})
	s := losses{}
	s.add(rec, kl, library, of) // in the rows' order: the same sum for any number of threads
	return s, err
}

// Posterior writes the posterior's mean and variance (len(rows), L) of rows of
// source, each dimension's own variance whatever the Family, those of the place on the simplex where the latent is logistic-normal.
// variance may be nil.
func (e *Evaluator) Posterior(ctx context.Context, source Source, rows []int32, mean, variance []float32) error {
	l, simplex := e.vae.NLatent, e.vae.LatentDistribution == "ln"
	points := e.vae.points(true)
	return e.each(ctx, source, rows, func(t task) {
		t.mini.fill(t.cells, t.rows, e.vae.frame)
		t.mini.still(e.vae.Config)
		t.pass.encode(t.mini, false, 0, nil)
		to := t.first * l
		var second []float32
		if variance != nil {
			second = variance[to : to+t.n*l]
		}
		if e.vae.Posterior != Diagonal {
			t.pass.moments(t.n, points, simplex, mean[to:to+t.n*l], second)
			return
		}
		if simplex {
			simplexMoments(l, points, t.pass.Mean[:t.n*l], t.pass.Variance[:t.n*l], mean[to:to+t.n*l], second)
			return
		}
		copy(mean[t.first*l:], t.pass.Mean[:t.n*l])
		if variance != nil {
			copy(variance[t.first*l:], t.pass.Variance[:t.n*l])
		}
	})
}

// NLatent is the number of dimensions of the posterior.
func (e *Evaluator) NLatent() int { return e.vae.NLatent }
