package hvg

// Moments is the first pass: per batch and gene, the sum and the sum of squares
// of the counts. Whole counts are summed exactly (below 2⁵³), fractions in the
// order of the cells. It holds 16 bytes for each gene and batch.
type Moments struct {
	genes, batches, threads int

	cells    []int64   // (batches): cells added
	sum      []float64 // (batches, genes)
	squares  []float64 // (batches, genes)
	detected []int64   // (genes): cells with a count above zero, all batches
}

// NewMoments makes an empty first pass over genes genes and batches batches (1
// where there is no batch), working with up to threads threads.
func NewMoments(genes, batches, threads int) *Moments {
	return &Moments{
		genes: genes, batches: batches, threads: max(threads, 1),
		cells:    make([]int64, batches),
		sum:      make([]float64, batches*genes),
		squares:  make([]float64, batches*genes),
		detected: make([]int64, genes),
	}
}

// Add counts cells in. Cell i has counts[indptr[i]:indptr[i+1]] at the genes
// beside them, ascending within the cell; batch[i] is its batch, negative for a
// cell to be left out; nil puts every cell in batch 0. A zero count may be
// present. The slices are only read, and not kept.
func (m *Moments) Add(indptr []int64, genes []uint32, counts []float32, batch []int32) {
	p := piece{indptr, genes, counts, batch}
	for i := range p.cells() {
		if b := p.batchOf(i); b >= 0 {
			m.cells[b]++
		}
	}
	byGenes(p, m.genes, m.threads, m.addRange)
}

// addRange counts in the counts of one cell that one worker owns.
func (m *Moments) addRange(b int, genes []uint32, counts []float32) {
	sum := m.sum[b*m.genes : (b+1)*m.genes]
	squares := m.squares[b*m.genes : (b+1)*m.genes]
	for k, g := range genes {
		v := float64(counts[k])
		sum[g] += v
		squares[g] += v * v
		if v > 0 {
			m.detected[g]++
		}
	}
}

// Cells is the number of cells added to batch b.
func (m *Moments) Cells(b int) int64 { return m.cells[b] }

// Detected is, per gene, the number of cells with a count above zero over all
// batches. It aliases m.
func (m *Moments) Detected() []int64 { return m.detected }

// Totals is, per gene, the sum of the counts over all batches.
func (m *Moments) Totals() []float64 {
	total := make([]float64, m.genes)
	for b := range m.batches {
		addTo(total, m.sum[b*m.genes:(b+1)*m.genes])
	}
	return total
}

// Batch is each gene's mean and variance (ddof 1) over the cells of batch b;
// zero where the batch has no cells.
func (m *Moments) Batch(b int) (mean, variance []float64) {
	lo, hi := b*m.genes, (b+1)*m.genes
	return meanVariance(m.sum[lo:hi], m.squares[lo:hi], m.cells[b])
}

// Pooled is each gene's mean and variance (ddof 1) over the cells of all batches.
func (m *Moments) Pooled() (mean, variance []float64) {
	squares, n := make([]float64, m.genes), int64(0)
	for b := range m.batches {
		addTo(squares, m.squares[b*m.genes:(b+1)*m.genes])
		n += m.cells[b]
	}
	return meanVariance(m.Totals(), squares, n)
}

// meanVariance turns sums over n cells into the mean and the unbiased variance,
// by scanpy's formula (preprocessing/_utils.py, _get_mean_var), so that the
// genes it holds for constant are the same. One cell has variance 0.
func meanVariance(sum, squares []float64, n int64) (mean, variance []float64) {
	mean, variance = make([]float64, len(sum)), make([]float64, len(sum))
	if n == 0 {
		return mean, variance
	}
	for g := range sum {
		mean[g] = sum[g] / float64(n)
		variance[g] = squares[g]/float64(n) - mean[g]*mean[g]
		if n > 1 {
			variance[g] *= float64(n) / float64(n-1)
		}
	}
	return mean, variance
}

func addTo(dst, src []float64) {
	for i, v := range src {
		dst[i] += v
	}
}
