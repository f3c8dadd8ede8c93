package stages

import (
	"context"
	"math"

	"cellvi/io/results"
	"cellvi/model"
	"cellvi/pipeline"
)

// correlating computes how genes move together over cells and draws, of expression
// without counting noise (model.Predictive's Denoised).
type correlating struct {
	*drawing
	e        *model.Evaluator
	width    int // genes of a block, of ranks: whole tiles
	constant map[int]bool
}

// correlation is a matrix (genes, genes), the mean over the batches decoded as.
type correlation []float64

// mostBlocks is how many blocks of genes are decoded against each other, at most:
// each pair is decoded anew.
const mostBlocks = 16

// write makes the file.
func (c *correlating) write(ctx context.Context, path string) error {
	if c.vae.GeneLikelihood == "normal" {
		return pipeline.Usage("correlation is of gamma draws, of which a model of the normal likelihood has none")
	}
	if err := c.plan(); err != nil {
		return err
	}
	c.e, c.constant = model.NewEvaluator(c.vae, c.job.Threads), map[int]bool{}
	of, batches := c.rank, c.batches
	if c.options.Correlation == "pearson" {
		of = c.pearson
	}
	if len(batches) == 0 {
		batches = []int{-1}
	}
	c.job.Progress.Begin("correlating", "cells", int64(len(c.rows))*c.passes()*int64(len(batches)))
	defer c.job.Progress.End()
	mean := make(correlation, len(c.genes)*len(c.genes))
	for _, batch := range batches {
		if err := of(ctx, batch, mean); err != nil {
			return err
		}
	}
	for i := range mean {
		mean[i] /= float64(len(batches))
	}
	if n := len(c.constant); n > 0 {
		c.job.Warn("%s the same in all cells and draws: %s NaN", plural(int64(n), "gene is", "genes are"), "their correlations are")
	}
	return c.publish(path, mean)
}

// plan divides the budget. Ranks need all of a gene's draws: two blocks of genes are
// in memory, and Pearson's sums one stretch of cells.
func (c *correlating) plan() error {
	genes, n, threads := int64(len(c.genes)), int64(len(c.rows))*int64(c.draws), int64(c.job.Threads)
	fixed := genes*genes*8 + model.ProductBytes(len(c.genes)) + genes*(24+2*chunkBytes)
	tiles := (genes + model.GeneTile - 1) / model.GeneTile
	if c.options.Correlation == "pearson" {
		return c.fits(fixed+tiles*model.GeneTile*(4*stretchCells+16), "choose fewer genes with --genes")
	}
	fixed += threads * 8 * n
	tile := 4 * n * model.GeneTile
	all := tiles * tile
	least := all
	if blocks := (tiles + mostBlocks - 1) / mostBlocks; 2*blocks*tile < all {
		least = 2 * blocks * tile
	}
	if err := c.fits(fixed+least, "choose fewer genes with --genes or cells with --cells, draw fewer --n-samples, take --correlation-type pearson, which streams cells"); err != nil {
		return err
	}
	if n >= math.MaxUint32 {
		return pipeline.Usage("%d cells × draws, of which ranks take %d at most: draw fewer --n-samples", n, uint32(math.MaxUint32))
	}
	c.width = len(c.genes)
	if room := c.room() - fixed; all > room {
		c.width = int(room/(2*tile)) * model.GeneTile
	}
	return nil
}

// passes is how often the cells are decoded, for one batch.
func (c *correlating) passes() int64 {
	if c.width == 0 { // Pearson's
		return int64(c.draws)
	}
	blocks := int64((len(c.genes) + c.width - 1) / c.width)
	return blocks + blocks*(blocks-1)/2
}

// denoised is draws of a block of genes: (genes, ld) observations, the genes up to
// whole tiles with zeros.
type denoised struct {
	lo, n  int // genes lo … lo+n−1 of those asked for
	ld     int
	values []float32
}

func (b *denoised) begin(lo, n, ld int) {
	b.lo, b.n, b.ld = lo, n, ld
	rows := (n + model.GeneTile - 1) / model.GeneTile * model.GeneTile
	b.values = resized(b.values, rows*ld)
	clear(b.values[n*ld:])
}

// row is the observations of gene i of the block.
func (b *denoised) row(i int) []float32 { return b.values[i*b.ld : (i+1)*b.ld] }

// tiles is the tiles of the block.
func (b *denoised) tiles() int { return (b.n + model.GeneTile - 1) / model.GeneTile }

// tile is tile i of the block.
func (b *denoised) tile(i int) []float32 { return b.values[i*model.GeneTile*b.ld:] }

// take draws for a minibatch whose first cell is the block's cell first; observation
// of draw s, counted from Generation.First, of cell i is i·per + s.
func (c *correlating) take(b *denoised, from, first, per int, x *model.Generated, sample int) {
	p, library := model.NewPredictive(c.vae.Config, c.options.Seed), c.options.number(1000)
	for i := range x.N {
		at, item := (first+i)*per+sample, c.item(from+first+i)
		for k := range b.n {
			b.values[k*b.ld+at] = p.Denoised(x, i, item, c.genes[b.lo+k], library)
		}
	}
}

// add adds the products of two blocks' observations; of a block with itself where
// they are the same.
func (c *correlating) add(ctx context.Context, p *model.Products, a, b *denoised, n int) error {
	type pair struct{ i, j int }
	var pairs []pair
	for i := range a.tiles() {
		for j := range b.tiles() {
			if a.lo+i*model.GeneTile <= b.lo+j*model.GeneTile {
				pairs = append(pairs, pair{i, j})
			}
		}
	}
	return spread(ctx, c.job.Threads, len(pairs), func(worker, k int) {
		i, j := pairs[k].i, pairs[k].j
		p.Add(worker, a.lo/model.GeneTile+i, b.lo/model.GeneTile+j, n, a.tile(i), b.tile(j), a.ld)
	})
}

// publish writes the matrix, a column a gene.
func (c *correlating) publish(path string, mean correlation) error {
	n := len(c.genes)
	ids, names := make([]string, n), c.geneNames("gene_id")
	columns := []results.Column{{Name: "gene_id", String: ids}}
	for i, g := range c.genes {
		ids[i] = c.card.Genes[g]
		columns = append(columns, results.Column{Name: names[i], Float64: mean[i*n : (i+1)*n]})
	}
	return results.Write(path, "gene_id", nil, columns...)
}

// put adds a correlation of genes i and j.
func (m correlation) put(i, j, n int, r float64) {
	r = max(-1, min(1, r)) // NaN stays
	if i == j && !math.IsNaN(r) {
		r = 1
	}
	m[i*n+j] += r
	if i != j {
		m[j*n+i] += r
	}
}
