package model

import (
	"context"
	"sync"
	"sync/atomic"
)

// Evaluator runs a VAE in evaluation: running statistics, no dropout. Cells do
// not see each other there, so whole minibatches go to threads side by side.
type Evaluator struct {
	vae    *VAE[float32]
	passes []*Pass[float32]
	mini   []*Minibatch[float32]
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
	}
	return e
}

// each cuts rows into minibatches, filled up with nobody, and calls do for each,
// from several goroutines, with the index of its first row among rows and how
// many are cells. It stops early, with ctx's error, when ctx is done.
func (e *Evaluator) each(ctx context.Context, rows []int, do func(first, n int, rows []int, m *Minibatch[float32], p *Pass[float32])) error {
	var next atomic.Int64
	var group sync.WaitGroup
	var fault fault
	work := func(w int) {
		full := make([]int, evalBatch)
		for ctx.Err() == nil {
			first := int(next.Add(1)-1) * evalBatch
			if first >= len(rows) {
				return
			}
			n := copy(full, rows[first:])
			for i := n; i < evalBatch; i++ {
				full[i] = nobody
			}
			do(first, n, full, e.mini[w], e.passes[w])
		}
	}
	for w := range e.passes {
		group.Go(func() { fault.catch(func() { work(w) }) })
	}
	group.Wait()
	fault.rethrow()
	return ctx.Err()
}

// losses evaluates rows of cells with one sample of z each.
func (e *Evaluator) losses(ctx context.Context, cells *Cells, rows []int, seed uint64, epoch int, weight float64) (losses, error) {
	rec, kl := make([]float64, len(rows)), make([]float64, len(rows))
	err := e.each(ctx, rows, func(first, n int, rows []int, m *Minibatch[float32], p *Pass[float32]) {
		m.fill(cells, rows, e.vae.head.bounds)
		m.draw(cells, rows, draws{seed: seed, noise: ValidationNoise, epoch: epoch, latent: e.vae.NLatent})
		p.forward(m, false)
		copy(rec[first:], p.Rec[:n])
		copy(kl[first:], p.KL[:n])
	})
	s := losses{}
	s.add(rec, kl, weight) // in the rows' order: the same sum for any number of threads
	return s, err
}

// Posterior writes the posterior's mean and variance (cells, L) of every cell.
// variance may be nil.
func (e *Evaluator) Posterior(ctx context.Context, cells *Cells, mean, variance []float32) error {
	l := e.vae.NLatent
	return e.each(ctx, all(cells), func(first, n int, rows []int, m *Minibatch[float32], p *Pass[float32]) {
		e.encode(cells, rows, m, p)
		copy(mean[first*l:], p.Mean[:n*l])
		if variance != nil {
			copy(variance[first*l:], p.Variance[:n*l])
		}
	})
}

// Decode calls row, from several goroutines, with each cell's shares of genes
// rho (G) decoded at the posterior mean and with its library size. rho is the
// callee's until it returns.
func (e *Evaluator) Decode(ctx context.Context, cells *Cells, row func(cell int, rho []float32, library float32)) error {
	return e.each(ctx, all(cells), func(first, n int, rows []int, m *Minibatch[float32], p *Pass[float32]) {
		e.encode(cells, rows, m, p)
		p.decode(false)
		rho := make([]float32, e.vae.NInput)
		for b := range n {
			p.Shares(b, rho)
			row(first+b, rho, m.Library[b])
		}
	})
}

// encode leaves the posterior in p, and its mean in p.Z.
func (e *Evaluator) encode(cells *Cells, rows []int, m *Minibatch[float32], p *Pass[float32]) {
	m.fill(cells, rows, e.vae.head.bounds)
	m.Noise = resize(m.Noise, m.B*e.vae.NLatent)
	clear(m.Noise)
	p.encode(m, false)
}

func all(cells *Cells) []int {
	rows := make([]int, cells.Len())
	for i := range rows {
		rows[i] = i
	}
	return rows
}
