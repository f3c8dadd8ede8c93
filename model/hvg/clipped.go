package hvg

import (
	"errors"
	"fmt"
	"math"
	"sync"
)

// Options say what the regression of a batch is made on.
type Options struct {
	Span float64 // share of the genes in a neighbourhood of the regression, above 0, at most 1
	Keep []bool  // per gene: whether it may be selected; nil: all may
}

// DefaultOptions is scanpy's: a span of 0.3, every gene.
func DefaultOptions() Options { return Options{Span: 0.3} }

// Validate says everything that is wrong with o for genes genes.
func (o Options) Validate(genes int) error {
	var problems []error
	if !(o.Span > 0 && o.Span <= 1) {
		problems = append(problems, fmt.Errorf("span is %v: it must be above 0 and at most 1", o.Span))
	}
	if o.Keep != nil && len(o.Keep) != genes {
		problems = append(problems, fmt.Errorf("keep has %d genes, the counts have %d", len(o.Keep), genes))
	}
	return errors.Join(problems...)
}

// FitError says why the regression of a batch cannot be made.
type FitError struct {
	Batch int   // the batch's number
	Cells int64 // in this batch
	Genes int   // that vary in this batch
	Err   error // ErrTooFew, ErrZeroWidth or ErrOneCell
}

// ErrOneCell is the reason of a FitError where a batch has a single cell.
var ErrOneCell = errors.New("a variance needs at least two cells")

// Error names the batch by its number; the caller knows its name.
func (e *FitError) Error() string {
	return fmt.Sprintf("batch %d (%d cells, %d varying genes): %v", e.Batch, e.Cells, e.Genes, e.Err)
}

// Unwrap gives the reason.
func (e *FitError) Unwrap() error { return e.Err }

// Clipped is the second pass: per batch and gene, the sum and the sum of
// squares of the counts clipped at mean + σ√N. It holds 40 bytes for each gene
// and batch.
type Clipped struct {
	genes, batches, threads int

	keep     []bool
	cells    []int64   // (batches): of the first pass
	mean     []float64 // (batches, genes)
	sigma    []float64 // (batches, genes): standard deviation expected at the mean
	limit    []float64 // (batches, genes): largest count let through
	sum      []float64 // (batches, genes)
	squares  []float64 // (batches, genes)
	singular []int     // (batches): see Singular
}

// Fit makes the second pass ready: within each batch it regresses log10
// variance on log10 mean over the kept genes that vary. A batch without cells
// is passed over, as an unused level is. The error is a *FitError where a batch
// allows no regression.
func (m *Moments) Fit(o Options) (*Clipped, error) {
	if err := o.Validate(m.genes); err != nil {
		return nil, err
	}
	n := m.batches * m.genes
	c := &Clipped{
		genes: m.genes, batches: m.batches, threads: m.threads,
		keep: o.Keep, cells: m.cells, singular: make([]int, m.batches),
		mean: make([]float64, n), sigma: make([]float64, n), limit: make([]float64, n),
		sum: make([]float64, n), squares: make([]float64, n),
	}
	errs := make([]error, m.batches)
	var wg sync.WaitGroup
	for w := range m.threads {
		wg.Go(func() {
			for b := w; b < m.batches; b += m.threads {
				errs[b] = c.fitBatch(m, b, o.Span)
			}
		})
	}
	wg.Wait()
	for _, err := range errs { // the first batch's, not the first to happen
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// fitBatch fills the rows of batch b.
func (c *Clipped) fitBatch(m *Moments, b int, span float64) error {
	if c.cells[b] == 0 {
		return nil
	}
	mean, variance := m.Batch(b)
	var x, y []float64
	var which []int
	for g := range mean {
		if c.kept(g) && variance[g] > 0 {
			x, y = append(x, math.Log10(mean[g])), append(y, math.Log10(variance[g]))
			which = append(which, g)
		}
	}
	if c.cells[b] == 1 {
		return &FitError{b, 1, 0, ErrOneCell}
	}
	fitted, singular, err := Loess(x, y, span)
	if err != nil {
		return &FitError{b, c.cells[b], len(which), err}
	}
	c.singular[b] = singular
	c.setExpected(b, mean, which, fitted)
	return nil
}

// setExpected takes the regression's log10 variances. A constant gene has
// expected variance 1, as in scanpy, which makes its normalized variance 0.
func (c *Clipped) setExpected(b int, mean []float64, which []int, fitted []float64) {
	lo, hi := b*c.genes, (b+1)*c.genes
	sigma, limit := c.sigma[lo:hi], c.limit[lo:hi]
	for g := range sigma {
		sigma[g] = 1
	}
	for k, g := range which {
		sigma[g] = math.Sqrt(math.Pow(10, fitted[k]))
	}
	copy(c.mean[lo:hi], mean)
	root := math.Sqrt(float64(c.cells[b]))
	for g := range limit {
		limit[g] = sigma[g]*root + mean[g]
	}
}

func (c *Clipped) kept(g int) bool { return c.keep == nil || c.keep[g] }

// Singular is the number of places where the regression of batch b had fewer
// than three distinct means to go by (see Loess): worth a warning.
func (c *Clipped) Singular(b int) int { return c.singular[b] }

// Add counts cells in: the same cells as in the first pass, in the same order,
// by the same rules (Moments.Add).
func (c *Clipped) Add(indptr []int64, genes []uint32, counts []float32, batch []int32) {
	byGenes(piece{indptr, genes, counts, batch}, c.genes, c.threads, c.addRange)
}

func (c *Clipped) addRange(b int, genes []uint32, counts []float32) {
	lo, hi := b*c.genes, (b+1)*c.genes
	sum, squares, limit := c.sum[lo:hi], c.squares[lo:hi], c.limit[lo:hi]
	for k, g := range genes {
		v := min(float64(counts[k]), limit[g])
		sum[g] += v
		squares[g] += v * v
	}
}

// Normalized is, per gene, the variance of the counts of batch b after they are
// standardized by the mean and σ and clipped:
//
//	1/((N−1)σ²) · (N·mean² + Σ v² − 2·mean·Σ v),   v = min(x, mean + σ√N)
func (c *Clipped) Normalized(b int) []float64 {
	lo, hi := b*c.genes, (b+1)*c.genes
	mean, sigma, sum, squares := c.mean[lo:hi], c.sigma[lo:hi], c.sum[lo:hi], c.squares[lo:hi]
	n := float64(c.cells[b])
	out := make([]float64, c.genes)
	for g := range out {
		out[g] = 1 / ((n - 1) * sigma[g] * sigma[g]) *
			(n*mean[g]*mean[g] + squares[g] - 2*sum[g]*mean[g])
	}
	return out
}
