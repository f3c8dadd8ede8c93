package model

import (
	"math"

	"cellvi/model/kernel"
)

// Minibatch is the cells of one step: their counts in the form the kernels
// take, their covariates, and every random number that the step will use.
type Minibatch[T kernel.Float] struct {
	B        int     // cells
	Ptr      []int32 // (B+1) nonzero counts of cell b are Ptr[b] … Ptr[b+1]−1 of
	Idx      []int32 // genes, ascending within a cell,
	Val      []T     // counts,
	Log      []T     // log(1 + count)
	Bound    []int32 // (blocks+1, B) where each block of genes begins in each cell
	Library  []T     // (B) total counts
	Batch    []int32 // (B) batch codes
	Noise    []T     // (B, L) standard normal, for z
	EncMasks [][]T   // per hidden layer (B, H), dropout's 0 or 1/(1−p); empty: no dropout
	logs     []T     // log(1+x) of small counts
}

// nobody is a row that stands for a cell without counts.
const nobody = -1

// fill takes the given rows of cells.
func (m *Minibatch[T]) fill(cells *Cells, rows []int, bounds []int) {
	m.resize(cells, rows)
	for b, r := range rows {
		at := m.Ptr[b]
		if r == nobody {
			m.Ptr[b+1], m.Library[b], m.Batch[b] = at, 0, 0
			continue
		}
		lo, hi := cells.Indptr[r], cells.Indptr[r+1]
		m.Ptr[b+1] = at + int32(hi-lo)
		copy(m.Idx[at:], cells.Genes[lo:hi])
		m.Library[b], m.Batch[b] = m.fillCounts(at, cells.Counts[lo:hi]), cells.Batch[r]
	}
	m.cut(bounds)
}

// resize makes room for the counts of rows.
func (m *Minibatch[T]) resize(cells *Cells, rows []int) {
	m.B = len(rows)
	n := int64(0)
	for _, r := range rows {
		if r != nobody {
			n += cells.Indptr[r+1] - cells.Indptr[r]
		}
	}
	m.Idx, m.Val, m.Log = resize(m.Idx, int(n)), resize(m.Val, int(n)), resize(m.Log, int(n))
	m.Ptr, m.Library, m.Batch = resize(m.Ptr, m.B+1), resize(m.Library, m.B), resize(m.Batch, m.B)
	m.Ptr[0] = 0
	if m.logs == nil {
		m.logs = make([]T, 256)
		for i := range m.logs {
			m.logs[i] = T(math.Log1p(float64(i)))
		}
	}
}

// fillCounts sets counts and their log(1+x) from position at, and gives their
// total. Logarithms of small whole counts come from a table.
func (m *Minibatch[T]) fillCounts(at int32, counts []float32) T {
	total := 0.0
	val, logs := m.Val[at:], m.Log[at:]
	for k, x := range counts {
		total += float64(x)
		val[k] = T(x)
		if i := int(x); i < len(m.logs) && float32(i) == x {
			logs[k] = m.logs[i]
		} else {
			logs[k] = T(math.Log1p(float64(x)))
		}
	}
	return T(total)
}

// cut finds where each block of genes begins in each cell.
func (m *Minibatch[T]) cut(bounds []int) {
	n := len(bounds)
	if cap(m.Bound) < n*m.B {
		m.Bound = make([]int32, n*m.B)
	}
	m.Bound = m.Bound[:n*m.B]
	for b := range m.B {
		at := m.Ptr[b]
		for k, first := range bounds {
			for at < m.Ptr[b+1] && int(m.Idx[at]) < first {
				at++
			}
			m.Bound[k*m.B+b] = at
		}
	}
}

// block is the counts that fall in block k of genes.
func (m *Minibatch[T]) block(k int, bounds []int, values []T) kernel.Nonzeros[T] {
	return kernel.Nonzeros[T]{First: int32(bounds[k]), Lo: m.Bound[k*m.B : (k+1)*m.B],
		Hi: m.Bound[(k+1)*m.B : (k+2)*m.B], Idx: m.Idx, Val: values}
}

// draw takes the step's random numbers from the streams of its cells: noise for
// z, and with rate > 0 dropout masks for the encoder's layers of h units.
func (m *Minibatch[T]) draw(cells *Cells, rows []int, seed uint64, noise Purpose, epoch int, latent, layers, h int, rate float64) {
	m.Noise = resize(m.Noise, m.B*latent)
	if rate == 0 {
		layers = 0
	}
	for len(m.EncMasks) < layers {
		m.EncMasks = append(m.EncMasks, nil)
	}
	m.EncMasks = m.EncMasks[:layers]
	for l := range layers {
		m.EncMasks[l] = resize(m.EncMasks[l], m.B*h)
	}
	for b, r := range rows {
		if r == nobody {
			clear(m.Noise[b*latent : (b+1)*latent])
			continue
		}
		normal(Stream(seed, noise, uint64(epoch), cells.item(r)), m.Noise[b*latent:(b+1)*latent])
		if layers == 0 {
			continue
		}
		rng := Stream(seed, Dropout, uint64(epoch), cells.item(r))
		for _, mask := range m.EncMasks {
			dropout(rng, rate, mask[b*h:(b+1)*h])
		}
	}
}

// resize gives a slice of n elements, the old one where it is large enough.
// Its contents are not kept.
func resize[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}
