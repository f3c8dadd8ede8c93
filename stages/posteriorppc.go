package stages

import (
	"context"
	"errors"
	"sync"

	"cellvi/io/results"
	"cellvi/model"
)

// checks are posterior predictive checks: what draws of counts have in common with the
// counts, and what not (Levitin, Gelman, Ross 2019, as in scvi-tools' criticism).
type checks struct {
	*drawing
	e         *model.Evaluator
	intervals []interval
	width     int        // genes of a block: those whose draws are in memory together
	genes     geneChecks // of all genes
}

// interval is a credible interval of the draws.
type interval struct{ lower, upper float64 }

// geneChecks are sums over cells, by gene: of each draw, and last of the counts.
type geneChecks struct {
	width       int
	sum, square []float64 // (draws + 1, genes)
	zeros       []int64   // (2, genes) of all draws; of the counts
	inside      []int64   // (intervals, genes) counts that lie in the interval
}

func (g *geneChecks) resize(width, draws, intervals int) {
	g.width = width
	g.sum, g.square = resized(g.sum, (draws+1)*width), resized(g.square, (draws+1)*width)
	g.zeros, g.inside = resized(g.zeros, 2*width), resized(g.inside, intervals*width)
	clear(g.sum)
	clear(g.square)
	clear(g.zeros)
	clear(g.inside)
}

// add adds those of a block of genes from lo on.
func (g *geneChecks) add(b *geneChecks, lo int) {
	addRows(g.sum, g.width, b.sum, b.width, lo)
	addRows(g.square, g.width, b.square, b.width, lo)
	addRows(g.zeros, g.width, b.zeros, b.width, lo)
	addRows(g.inside, g.width, b.inside, b.width, lo)
}

// addRows adds rows of y (n, b) to columns lo … lo+b−1 of x (n, a).
func addRows[T int64 | float64](x []T, a int, y []T, b, lo int) {
	for at := 0; at*b < len(y); at++ {
		row := x[at*a+lo:]
		for i, v := range y[at*b : (at+1)*b] {
			row[i] += v
		}
	}
}

// cellChecks are sums over genes, by cell of a group.
type cellChecks struct {
	from, to    int
	sum, square []float64 // (cells, draws + 1)
	zeros       []int64   // (cells, 2)
}

func (c *cellChecks) begin(from, to, draws int) {
	c.from, c.to = from, to
	n := to - from
	c.sum, c.square, c.zeros = resized(c.sum, n*(draws+1)), resized(c.square, n*(draws+1)), resized(c.zeros, 2*n)
	clear(c.sum)
	clear(c.square)
	clear(c.zeros)
}

// checkCells is the cells of a group: whole minibatches, of which each keeps sums
// until all are there, so that they are added in order for any number of threads.
const checkCells = 32 * evalCells

// plan sets the intervals and divides the budget.
func (c *checks) plan() error {
	levels := c.options.Quantiles
	if len(levels) == 0 { // scvi-tools'
		levels = []float64{.025, .05, .075, .1, .125, .15, .175, .825, .85, .875, .9, .925, .95, .975}
	}
	for i := range len(levels) / 2 {
		c.intervals = append(c.intervals, interval{levels[i], levels[len(levels)-1-i]})
	}
	genes, draws := int64(len(c.drawing.genes)), int64(c.draws)
	sums := 16*(draws+1) + 8*int64(2+len(c.intervals))
	fixed := genes*sums + 2*checkCells*(16*(draws+1)+16+nameBytes)
	gene := checkCells/evalCells*sums + int64(c.job.Threads)*evalCells*4*draws
	least := min(genes, leastBlock)
	if err := c.fits(fixed+least*gene, "choose fewer genes with --genes, draw fewer --n-samples"); err != nil {
		return err
	}
	c.width = int(min(genes, max(least, (c.room()-fixed)/gene)))
	c.genes.resize(int(genes), c.draws, len(c.intervals))
	return nil
}

// write makes the files of the folder.
func (c *checks) write(ctx context.Context, dir string) error {
	if err := c.plan(); err != nil {
		return err
	}
	w, err := results.Create(inDir(dir, "cells"), results.Schema{Index: "cell_id", Columns: append(
		[]results.Field{{Name: "cell_id", Type: results.String}}, float64s(checkColumns()...)...)})
	if err != nil {
		return err
	}
	c.e = model.NewEvaluator(c.vae, c.job.Threads)
	blocks := (len(c.drawing.genes) + c.width - 1) / c.width
	c.job.Progress.Begin("checking", "cells", int64(len(c.rows))*int64(blocks))
	defer c.job.Progress.End()
	var groups []bounds
	for at := 0; at == 0 || at < len(c.rows); at += checkCells {
		groups = append(groups, bounds{at, min(at+checkCells, len(c.rows))})
	}
	err = overlap(groups,
		func(g *cellChecks, from, to int) error { return c.compute(ctx, g, from, to) },
		func(g *cellChecks) error {
			ids, err := c.names(g.from, g.to)
			if err != nil {
				return err
			}
			return w.WriteRowGroup(c.cellColumns(ids, g))
		})
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	return c.writeGenes(inDir(dir, "genes"), inDir(dir, "calibration"))
}

// compute checks a group of cells, a block of genes after another.
func (c *checks) compute(ctx context.Context, g *cellChecks, from, to int) error {
	g.begin(from, to, c.draws)
	of := c.of
	of.Counts = true
	for lo := 0; lo < len(c.drawing.genes); lo += c.width {
		b := &checkBlock{checks: c, cells: g, genes: c.drawing.genes[lo:min(lo+c.width, len(c.drawing.genes))]}
		b.parts = make([]*geneChecks, (to-from+evalCells-1)/evalCells)
		err := c.e.Generate(ctx, c.source, c.rows[from:to], of, b.take)
		if err != nil {
			return err
		}
		for _, part := range b.parts {
			c.genes.add(part, lo)
		}
		c.job.Progress.Add(int64(to - from))
	}
	return nil
}

// checkBlock is a group of cells and a block of genes.
type checkBlock struct {
	*checks
	cells *cellChecks
	genes []int
	parts []*geneChecks // by minibatch
	draws sync.Pool     // of *checkDraws
	mutex sync.Mutex
	work  map[int]*checkDraws // by first cell
}

// checkDraws are those of a minibatch.
type checkDraws struct {
	p    *model.Predictive
	row  []float32
	each []float32 // (cells, genes, draws)
}
