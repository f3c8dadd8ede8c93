package factor

import (
	"context"
	"errors"
	"math"
	"sync"
)

// Fit is a model that is being fitted, or was.
type Fit struct {
	o      Options
	s      size
	n      int // cells
	source Source

	genes  *Genes
	priors Priors
	stats  *Statistics // averaged over steps
	step   int         // steps of stochastic variational inference that were done
	floor  float64     // no variance of noise is less

	local   local
	part    *Statistics // of a minibatch
	chunks  []*chunk
	scratch sync.Pool // of *geneScratch

	// AfterCells, where set, is told of every so many cells that a pass is done with.
	AfterCells func(n int)
}

// ErrNotFinite is what a fit ends with where a number is no longer finite.
var ErrNotFinite = errors.New("a number of the fit is not finite")

// ErrNothing is what a fit of entries that do not vary begins and ends with.
var ErrNothing = errors.New("the entries that are fitted are all the same")

// New is a fit of source's cells 0 … cells−1, before its start: see Start, Resume.
func New(source Source, cells, genes int, o Options) *Fit {
	s := newSize(genes, o.Factors)
	f := &Fit{o: o, s: s, n: cells, source: source}
	f.scratch.New = func() any { return newGeneScratch(s.m) }
	f.genes = &Genes{Mean: make([]float64, genes*s.d), Cov: make([]float64, genes*s.d*s.d),
		LogDet: make([]float64, genes), Tau: make([]float64, genes)}
	f.priors.Loadings = make([]float64, s.k)
	f.stats, f.part = newStatistics(genes, s.m, o.HoldOut > 0), newStatistics(genes, s.m, o.HoldOut > 0)
	return f
}

// Bytes is about what a fit of so many genes takes beside the cells' entries, of which
// a round of cells has so many.
func Bytes(genes int, o Options, round int64) int64 {
	s := newSize(genes, o.Factors)
	g, m := int64(genes), int64(s.m)
	numbers := g*int64(s.d*s.d+2*s.d+4+2*s.m) + m*m*g/geneRange
	cells := int64(RoundCells) * (m + scatterRanges)
	if o.HoldOut > 0 {
		numbers += 2 * g * int64(triangle(s.m))
		cells += int64(RoundCells)*int64(s.d*s.d) + int64(float64(g)*o.HoldOut*2*RoundCells)
	}
	return 8*(numbers+cells) + 14*round
}

// gather makes st the statistics of the cells of rows, which ascend, with the best q
// for the genes: shareLocal comes before.
func (f *Fit) gather(ctx context.Context, rows []int32, st *Statistics) error {
	st.clear()
	return f.rounds(ctx, rows, func(chunks []*chunk) error {
		parallel(f.o.Threads, scatterRanges, func(r int) {
			for _, c := range chunks {
				c.scatter(f, r, st)
			}
		})
		for _, c := range chunks {
			axpy(1, c.s, st.S)
			st.Cells += float64(len(c.rows))
			st.LogDet += c.logDet
		}
		return nil
	})
}

// rounds reads the cells of rows and infers their q, and calls do with them, chunks of
// at most RoundCells cells together, in their order.
func (f *Fit) rounds(ctx context.Context, rows []int32, do func(chunks []*chunk) error) error {
	for len(rows) > 0 {
		round := rows[:min(len(rows), RoundCells)]
		rows = rows[len(round):]
		n := (len(round) + chunkCells - 1) / chunkCells
		for len(f.chunks) < n {
			f.chunks = append(f.chunks, &chunk{})
		}
		parallel(f.o.Threads, n, func(i int) {
			c := f.chunks[i]
			c.rows = round[i*chunkCells : min((i+1)*chunkCells, len(round))]
			if c.err = ctx.Err(); c.err == nil {
				c.err = c.read(f)
			}
			if c.err == nil {
				c.infer(f)
			}
		})
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, c := range f.chunks[:n] {
			if c.err != nil {
				return c.err
			}
		}
		if err := do(f.chunks[:n]); err != nil {
			return err
		}
		if f.AfterCells != nil {
			f.AfterCells(len(round))
		}
	}
	return nil
}

// Sweep is a pass of coordinate ascent over all cells, and gives the ELBO after it. A
// sweep that ctx ends changes nothing.
func (f *Fit) Sweep(ctx context.Context) (float64, error) {
	f.shareLocal()
	if err := f.gather(ctx, ascending(f.n), f.part); err != nil {
		return 0, err
	}
	f.stats, f.part = f.part, f.stats
	f.updateGenes()
	f.updatePriors()
	f.align()
	return finite(f.bound(f.stats))
}

// Bound gives the ELBO over all cells, with the best q of them for the genes as they
// are: a pass that changes nothing.
func (f *Fit) Bound(ctx context.Context) (float64, error) {
	f.shareLocal()
	if err := f.gather(ctx, ascending(f.n), f.part); err != nil {
		return 0, err
	}
	return finite(f.bound(f.part))
}

func ascending(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

func finite(elbo float64) (float64, error) {
	if math.IsNaN(elbo) || math.IsInf(elbo, 0) {
		return elbo, ErrNotFinite
	}
	return elbo, nil
}
