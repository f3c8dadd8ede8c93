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
	m.layout(cells, rows, len(bounds))
	m.fillCells(cells, rows, bounds, 0, m.B)
}

// layout makes room for the counts of rows and settles where each cell's go.
func (m *Minibatch[T]) layout(cells *Cells, rows []int, bounds int) {
	m.B = len(rows)
	m.Ptr, m.Library, m.Batch = resize(m.Ptr, m.B+1), resize(m.Library, m.B), resize(m.Batch, m.B)
	m.Bound = resize(m.Bound, bounds*m.B)
	m.Ptr[0] = 0
	for b, r := range rows {
		n := int64(0)
		if r != nobody {
			n = cells.Indptr[r+1] - cells.Indptr[r]
		}
		m.Ptr[b+1] = m.Ptr[b] + int32(n)
	}
	n := int(m.Ptr[m.B])
	m.Idx, m.Val, m.Log = resize(m.Idx, n), resize(m.Val, n), resize(m.Log, n)
	if m.logs == nil {
		m.logs = make([]T, 256)
		for i := range m.logs {
			m.logs[i] = T(math.Log1p(float64(i)))
		}
	}
}

// fillCells takes cells from … to−1 of the minibatch, after layout.
func (m *Minibatch[T]) fillCells(cells *Cells, rows []int, bounds []int, from, to int) {
	for b := from; b < to; b++ {
		r, at := rows[b], m.Ptr[b]
		if r == nobody {
			m.Library[b], m.Batch[b] = 0, 0
		} else {
			lo, hi := cells.Indptr[r], cells.Indptr[r+1]
			copy(m.Idx[at:], cells.Genes[lo:hi])
			m.Library[b], m.Batch[b] = m.fillCounts(at, cells.Counts[lo:hi]), cells.Batch[r]
		}
		m.cut(bounds, b)
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

// cut finds where each block of genes begins in cell b.
func (m *Minibatch[T]) cut(bounds []int, b int) {
	at, end := m.Ptr[b], m.Ptr[b+1]
	for k, first := range bounds {
		for at < end && int(m.Idx[at]) < first {
			at++
		}
		m.Bound[k*m.B+b] = at
	}
}

// block is the counts that fall in block k of genes.
func (m *Minibatch[T]) block(k int, bounds []int, values []T) kernel.Nonzeros[T] {
	return kernel.Nonzeros[T]{First: int32(bounds[k]), Lo: m.Bound[k*m.B : (k+1)*m.B],
		Hi: m.Bound[(k+1)*m.B : (k+2)*m.B], Idx: m.Idx, Val: values}
}

// draws says which random numbers a minibatch needs.
type draws struct {
	seed          uint64
	noise         Purpose // of z
	epoch, latent int
	layers, h     int // dropout masks: hidden layers of h units, at
	rate          float64
}

// draw takes the minibatch's random numbers from the streams of its cells:
// noise for z, and with rate > 0 dropout masks for the encoder's layers.
func (m *Minibatch[T]) draw(cells *Cells, rows []int, d draws) {
	m.layoutDraws(d)
	m.drawCells(cells, rows, d, 0, m.B)
}

func (m *Minibatch[T]) layoutDraws(d draws) {
	m.Noise = resize(m.Noise, m.B*d.latent)
	if d.rate == 0 {
		d.layers = 0
	}
	for len(m.EncMasks) < d.layers {
		m.EncMasks = append(m.EncMasks, nil)
	}
	m.EncMasks = m.EncMasks[:d.layers]
	for l := range m.EncMasks {
		m.EncMasks[l] = resize(m.EncMasks[l], m.B*d.h)
	}
}

// drawCells draws for cells from … to−1 of the minibatch, after layoutDraws.
func (m *Minibatch[T]) drawCells(cells *Cells, rows []int, d draws, from, to int) {
	for b := from; b < to; b++ {
		noise := m.Noise[b*d.latent : (b+1)*d.latent]
		if rows[b] == nobody {
			clear(noise)
			continue
		}
		normal(Stream(d.seed, d.noise, uint64(d.epoch), cells.item(rows[b])), noise)
		if len(m.EncMasks) == 0 {
			continue
		}
		rng := Stream(d.seed, Dropout, uint64(d.epoch), cells.item(rows[b]))
		for _, mask := range m.EncMasks {
			dropout(rng, d.rate, mask[b*d.h:(b+1)*d.h])
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

// cutRows cuts rows into minibatches of size; a last one of fewer than three
// cells joins the one before, because batch normalization cannot use it.
func cutRows(rows []int, size int) [][]int {
	var out [][]int
	for len(rows) > size {
		if len(rows)-size < 3 {
			break
		}
		out, rows = append(out, rows[:size]), rows[size:]
	}
	return append(out, rows)
}
