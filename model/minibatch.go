package model

import (
	"math"

	"cellvi/model/kernel"
)

// Minibatch is the cells of one step: their counts in the form the kernels
// take, their covariates, and every random number that the step will use.
type Minibatch[T kernel.Float] struct {
	B        int       // cells
	Ptr      []int32   // (B+1) nonzero counts of cell b are Ptr[b] … Ptr[b+1]−1 of
	Idx      []int32   // genes, ascending within a cell,
	Val      []T       // counts,
	Log      []T       // log(1 + count)
	Bound    []int32   // (blocks+1, B) where each block of genes begins in each cell
	Library  []T       // (B) total counts
	Batch    []int32   // (B) batch codes
	Noise    []T       // (B, L) standard normal, for z
	EncMasks [][]T     // per hidden layer (B, H), dropout's 0 or 1/(1−p); empty: no dropout
	logs     []float64 // log(1+x) of small counts
}

// nobody is a row that stands for a cell without counts.
const nobody = -1

// fill takes the given rows of cells.
func (m *Minibatch[T]) fill(cells *Cells, rows []int, bounds []int) {
	m.B = len(rows)
	m.Ptr, m.Idx, m.Val, m.Log = append(m.Ptr[:0], 0), m.Idx[:0], m.Val[:0], m.Log[:0]
	m.Library, m.Batch = m.Library[:0], m.Batch[:0]
	for _, r := range rows {
		if r == nobody {
			m.Ptr, m.Library, m.Batch = append(m.Ptr, int32(len(m.Idx))), append(m.Library, 0), append(m.Batch, 0)
			continue
		}
		lo, hi := cells.Indptr[r], cells.Indptr[r+1]
		total := 0.0
		m.Idx = append(m.Idx, cells.Genes[lo:hi]...)
		for _, x := range cells.Counts[lo:hi] {
			total += float64(x)
			m.Val = append(m.Val, T(x))
			m.Log = append(m.Log, m.log1p(x))
		}
		m.Ptr = append(m.Ptr, int32(len(m.Idx)))
		m.Library = append(m.Library, T(total))
		m.Batch = append(m.Batch, cells.Batch[r])
	}
	m.cut(bounds)
}

// log1p is log(1+x), from a table for small whole counts.
func (m *Minibatch[T]) log1p(x float32) T {
	if m.logs == nil {
		m.logs = make([]float64, 256)
		for i := range m.logs {
			m.logs[i] = math.Log1p(float64(i))
		}
	}
	if i := int(x); i < len(m.logs) && float32(i) == x {
		return T(m.logs[i])
	}
	return T(math.Log1p(float64(x)))
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
