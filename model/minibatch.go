package model

import (
	"math"
	"slices"

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
	logs     *[256]T // log(1+x) of the counts that a byte holds
	ops      kernel.Ops[T]
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
			n = cells.ptr[r+1] - cells.ptr[r]
		}
		m.Ptr[b+1] = m.Ptr[b] + int32(n)
	}
	n := int(m.Ptr[m.B])
	m.Idx, m.Val, m.Log = resize(m.Idx, n), resize(m.Val, n), resize(m.Log, n)
	if m.logs == nil {
		m.ops, m.logs = kernel.New[T](), &[256]T{}
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
			m.Library[b], m.Batch[b] = m.fillCounts(at, cells, r), cells.Batch[r]
		}
		m.cut(bounds, b)
	}
}

// fillCounts sets the genes and counts of cell r and their log(1+x) from
// position at, and gives their total. What a byte holds comes from a table.
func (m *Minibatch[T]) fillCounts(at int32, cells *Cells, r int) T {
	counts := cells.small[cells.ptr[r]:cells.ptr[r+1]]
	idx, val, logs := m.Idx[at:], m.Val[at:][:len(counts)], m.Log[at:][:len(counts)]
	total := 0
	if cells.NGenes > maxNarrow {
		cells.genes(r, idx)
		for k, x := range counts {
			total += int(x)
			val[k], logs[k] = T(x), m.logs[x]
		}
	} else {
		total = m.ops.Unpack(cells.narrow[cells.ptr[r]:cells.ptr[r+1]], counts, m.logs[:], idx, val, logs)
	}
	if large := cells.large[cells.more[r]:cells.more[r+1]]; len(large) > 0 {
		return fillLarge(val, logs, counts, large)
	}
	return T(total)
}

// fillLarge sets the counts of a cell that bytes do not hold, and gives the
// total of all its counts.
func fillLarge[T kernel.Float](val, logs []T, counts []uint8, large []float32) T {
	total := 0.0
	for k, x := range counts {
		if x != escape {
			total += float64(x)
			continue
		}
		total += float64(large[0])
		val[k], logs[k] = T(large[0]), T(math.Log1p(float64(large[0])))
		large = large[1:]
	}
	return T(total)
}

// cut finds where each block of genes begins in cell b.
func (m *Minibatch[T]) cut(bounds []int, b int) {
	at, end := int(m.Ptr[b]), int(m.Ptr[b+1])
	for k, first := range bounds {
		n, _ := slices.BinarySearch(m.Idx[at:end], int32(first))
		at += n
		m.Bound[k*m.B+b] = int32(at)
	}
}

// block is the counts that fall in block k of genes.
func (m *Minibatch[T]) block(k int, bounds []int) kernel.Nonzeros[T] {
	return kernel.Nonzeros[T]{First: int32(bounds[k]), Lo: m.Bound[k*m.B : (k+1)*m.B],
		Hi: m.Bound[(k+1)*m.B : (k+2)*m.B], Idx: m.Idx, Val: m.Val, Log: m.Log}
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
		normal(Stream(d.seed, d.noise, uint64(d.epoch), uint64(cells.Item[rows[b]])), noise)
		if len(m.EncMasks) == 0 {
			continue
		}
		key := streamKey(d.seed, Dropout, uint64(d.epoch), uint64(cells.Item[rows[b]]))
		for l, mask := range m.EncMasks {
			m.ops.Dropout(key, l*d.h, d.rate, mask[b*d.h:(b+1)*d.h])
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
