package factor

import (
	"context"
	"math/rand/v2"
	"slices"
)

// Step is one of stochastic variational inference, over minibatch rows, which ascend;
// it gives the minibatch's estimate of the ELBO before it. A step that ctx ends
// changes nothing.
func (f *Fit) Step(ctx context.Context, rows []int32) (float64, error) {
	f.shareLocal()
	if err := f.gather(ctx, rows, f.part); err != nil {
		return 0, err
	}
	scale := float64(f.n) / float64(len(rows))
	f.part.blend(f.part, 1, scale, f.o.Threads)
	elbo := f.bound(f.part)
	f.stats.blend(f.part, f.o.rho(f.step), 1, f.o.Threads)
	f.step++
	f.updateGenes()
	f.updatePriors()
	return finite(elbo)
}

// pieceCells is how many neighbouring cells a minibatch takes together, where cells are
// many and come from a disk; of fewer than fewCells, one.
const (
	pieceCells = 64
	fewCells   = 1 << 16
)

// order is the cells in an epoch's random order: pieces of neighbours, shuffled.
func (f *Fit) order(epoch int) []int32 {
	piece := 1
	if f.n >= fewCells {
		piece = pieceCells
	}
	var p rand.PCG
	stream(&p, f.o.Seed, forOrder, uint64(epoch))
	rows := make([]int32, 0, f.n)
	for _, k := range rand.New(&p).Perm((f.n + piece - 1) / piece) {
		for r := k * piece; r < min((k+1)*piece, f.n); r++ {
			rows = append(rows, int32(r))
		}
	}
	return rows
}

// Epoch does the steps of an epoch from minibatch first on, and calls after with each
// step's number in the epoch and estimate of the ELBO. At the epoch's end the solution
// is aligned.
func (f *Fit) Epoch(ctx context.Context, epoch, first int, after func(batch int, elbo float64) error) error {
	rows, n := f.order(epoch), f.o.Minibatches(f.n)
	for b := first; b < n; b++ {
		mine := slices.Sorted(slices.Values(rows[b*len(rows)/n : (b+1)*len(rows)/n]))
		elbo, err := f.Step(ctx, mine)
		if err != nil {
			return err
		}
		if b+1 == n {
			f.align()
		}
		if err := after(b, elbo); err != nil {
			return err
		}
	}
	return nil
}

// Minibatches is the number of an epoch over so many cells: each of nearly as many as
// the others.
func (o Options) Minibatches(cells int) int {
	if o.Minibatch == 0 {
		return 1
	}
	return max(1, (cells+o.Minibatch/2)/o.Minibatch)
}
