package stages

import (
	"context"
	"math"

	"cellvi/model"
)

// rank adds Spearman's correlations, of the cells decoded as of batch. Ranks need a
// gene's observations all at once: a block of genes is drawn against every other, and
// drawn anew each time, with the same bits.
func (c *correlating) rank(ctx context.Context, batch int, mean correlation) error {
	p, n := model.NewProducts(len(c.genes), c.job.Threads), len(c.rows)*c.draws
	var a, b denoised
	for lo := 0; lo < len(c.genes); lo += c.width {
		if err := c.load(ctx, &a, lo, batch); err != nil {
			return err
		}
		if err := c.add(ctx, p, &a, &a, n); err != nil {
			return err
		}
		for other := lo + c.width; other < len(c.genes); other += c.width {
			if err := c.load(ctx, &b, other, batch); err != nil {
				return err
			}
			if err := c.add(ctx, p, &a, &b, n); err != nil {
				return err
			}
		}
	}
	genes := len(c.genes)
	for i := range genes {
		for j := i; j < genes; j++ {
			r := p.At(i, j) / float64(n)
			if c.constant[i] || c.constant[j] {
				r = math.NaN()
			}
			mean.put(i, j, genes, r)
		}
	}
	return nil
}

// load draws a block of genes from lo on, and makes standardized ranks of them.
func (c *correlating) load(ctx context.Context, b *denoised, lo, batch int) error {
	b.begin(lo, min(c.width, len(c.genes)-lo), len(c.rows)*c.draws)
	of := c.of
	of.Batches, of.Batch = nil, batch
	err := c.generate(ctx, c.e, of, 0, len(c.rows), func(first int, x *model.Generated) error {
		c.take(b, 0, first, c.draws, x, x.Sample)
		return nil
	})
	if err != nil {
		return err
	}
	keys, constant := make([][]uint64, c.job.Threads), make([]bool, b.n)
	err = spread(ctx, c.job.Threads, b.n, func(worker, i int) {
		keys[worker] = resized(keys[worker], b.ld)
		model.Ranks(b.row(i), keys[worker])
		constant[i] = model.Standardize(b.row(i))
	})
	for i, is := range constant {
		if is {
			c.constant[lo+i] = true
		}
	}
	return err
}

// stretchCells is the cells whose draws are in memory together for Pearson's
// correlations: whole minibatches.
const stretchCells = 16 * evalCells

// pearson adds Pearson's correlations, of the cells decoded as of batch, from sums
// over one stretch of cells and one draw after another: about the first stretch's
// means, so that little cancels.
func (c *correlating) pearson(ctx context.Context, batch int, mean correlation) error {
	genes := len(c.genes)
	p := model.NewProducts(genes, c.job.Threads)
	var b denoised
	var about, sum []float64
	of := c.of
	of.Batches, of.Batch, of.Samples = nil, batch, 1
	for from := 0; from < len(c.rows); from += stretchCells {
		to := min(from+stretchCells, len(c.rows))
		for of.First = 0; of.First < c.draws; of.First++ {
			b.begin(0, genes, to-from)
			err := c.generate(ctx, c.e, of, from, to, func(first int, x *model.Generated) error {
				c.take(&b, from, first, 1, x, 0)
				return nil
			})
			if err != nil {
				return err
			}
			if about == nil {
				about, sum = make([]float64, genes), make([]float64, genes)
				for i := range about {
					about[i] = sumOf(b.row(i), 0) / float64(b.ld)
				}
			}
			for i := range genes {
				sum[i] += sumOf(b.row(i), float32(about[i]))
			}
			if err := c.add(ctx, p, &b, &b, b.ld); err != nil {
				return err
			}
		}
	}
	n := float64(len(c.rows)) * float64(c.draws)
	cov := func(i, j int) float64 { return p.At(i, j) - sum[i]*sum[j]/n }
	for i := range genes {
		if !(cov(i, i) > 0) {
			c.constant[i] = true
		}
	}
	for i := range genes {
		for j := i; j < genes; j++ {
			r := cov(i, j) / math.Sqrt(cov(i, i)*cov(j, j))
			if c.constant[i] || c.constant[j] {
				r = math.NaN()
			}
			mean.put(i, j, genes, r)
		}
	}
	return nil
}

// sumOf takes about from every value and gives their sum.
func sumOf(x []float32, about float32) (sum float64) {
	for i := range x {
		x[i] -= about
		sum += float64(x[i])
	}
	return sum
}
