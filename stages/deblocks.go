package stages

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"cellvi/model"
	"cellvi/model/de"
	"cellvi/pipeline"
)

// drawBlocks gives a comparison's draws gene by gene: those of a block of genes are
// in memory, and decoded again for the next block. A draw has the same bits each
// time, so the size of a block changes no result.
type drawBlocks struct {
	job    *pipeline.Job
	e      *model.Evaluator
	source *cellSource
	genes  int // of the model
	width  int // most genes of a block

	seed     uint64
	groups   [2]drawn
	from, to int          // the block in memory
	values   [2][]float32 // (genes of the block, pairs) of each group
}

// begin takes up the draws of another comparison.
func (b *drawBlocks) begin(seed uint64, one, two drawn) {
	b.seed, b.groups, b.from, b.to = seed, [2]drawn{one, two}, 0, 0
}

// each calls do with the pairs of every gene, from several goroutines, each with a
// worker's number of its own.
func (b *drawBlocks) each(ctx context.Context, do func(worker, gene int, p de.Pairs)) error {
	m := len(b.groups[0].cells)
	for from := 0; from < b.genes; from += b.width {
		if err := b.load(ctx, from, min(from+b.width, b.genes)); err != nil {
			return err
		}
		err := spread(ctx, b.job.Threads, b.to-b.from, func(worker, i int) {
			do(worker, b.from+i, de.Pairs{X: b.values[0][i*m : (i+1)*m], Y: b.values[1][i*m : (i+1)*m], One: b.groups[0].design, Two: b.groups[1].design})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// load brings the draws of genes from … to−1 into memory.
func (b *drawBlocks) load(ctx context.Context, from, to int) error {
	m := len(b.groups[0].cells)
	if from == b.from && to == b.to {
		b.job.Progress.Add(int64(2 * m))
		return nil
	}
	b.from, b.to = 0, 0
	for k, d := range b.groups {
		values := resized(b.values[k], (to-from)*m)
		b.values[k] = values
		err := d.decode(ctx, b.e, b.source, b.seed, k, func(pairs []int32, shares []float32) {
			for g := from; g < to; g++ {
				gene := values[(g-from)*m : (g-from+1)*m]
				for i, pair := range pairs {
					gene[pair] = shares[i*b.genes+g]
				}
			}
		})
		if err != nil {
			return err
		}
		b.job.Progress.Add(int64(m))
	}
	b.from, b.to = from, to
	return nil
}

// most gives the largest draw of every gene in each group. Where a block does not
// hold all genes it decodes the draws once, and leaves them.
func (b *drawBlocks) most(ctx context.Context) (most [2][]float64, err error) {
	most = [2][]float64{make([]float64, b.genes), make([]float64, b.genes)}
	if b.width >= b.genes {
		return most, b.each(ctx, func(_, gene int, p de.Pairs) {
			most[0][gene], most[1][gene] = float64(slices.Max(p.X)), float64(slices.Max(p.Y))
		})
	}
	for k, d := range b.groups {
		var lock sync.Mutex // the largest is the same in any order
		err := d.decode(ctx, b.e, b.source, b.seed, k, func(_ []int32, shares []float32) {
			lock.Lock()
			defer lock.Unlock()
			for row := range slices.Chunk(shares, b.genes) {
				for g, v := range row {
					most[k][g] = max(most[k][g], float64(v))
				}
			}
		})
		if err != nil {
			return most, err
		}
		b.job.Progress.Add(int64(len(d.cells)))
	}
	return most, nil
}

// blocks is how many times the draws are decoded to see every gene once.
func (b *drawBlocks) blocks() int { return (b.genes + b.width - 1) / b.width }

// spread calls do for 0 … n−1 from several goroutines, the workers.
func spread(ctx context.Context, threads, n int, do func(worker, i int)) error {
	var next atomic.Int64
	var group sync.WaitGroup
	faults := make([]error, threads)
	for w := range faults {
		group.Go(func() {
			faults[w] = pipeline.Guard(func() error {
				for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
					do(w, i)
				}
				return ctx.Err()
			})
		})
	}
	group.Wait()
	return anyOf(faults)
}
