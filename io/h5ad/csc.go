package h5ad

import (
	"context"
	"fmt"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

const (
	blockCells = 64      // cells that are sorted together
	entryBytes = 13      // of one loaded entry: cell, gene, value
	cscPiece   = 1 << 18 // entries read at a time
)

// csc reads a matrix stored gene by gene, cell by cell, without holding it
// whole: a first pass over the indices counts the entries of each block of
// cells; then each pass over the file loads as many blocks as fit the memory,
// every entry into its block; a block is sorted by cell when it is asked for.
// Entries come gene by gene, so within a cell they stay in order.
type csc struct {
	*sparse
	tidier
	memory int64
	ptr    []int64 // indptr, one a gene and one more
	ends   []int64 // entries of all blocks up to and with this one
	lo, hi int64   // blocks loaded
	cells  []uint8 // of each loaded entry: its cell within the block,
	genes  []uint32
	values []float64
	minors []uint32 // a piece of the file: the cells
	piece  []float64
}

func newCSC(s *sparse, opt Options) *csc { return &csc{sparse: s, memory: opt.Memory} }

func (m *csc) fill(ctx context.Context, first, n int64, t *counts.Table) (int64, error) {
	if m.ends == nil {
		if err := m.count(ctx); err != nil {
			return 0, err
		}
	}
	block := first / blockCells
	if block < m.lo || block >= m.hi {
		if err := m.load(ctx, block); err != nil {
			return 0, err
		}
	}
	t.Indptr, t.Genes, t.Values = append(t.Indptr[:0], 0), t.Genes[:0], t.Values[:0]
	done := int64(0)
	for ; block < m.hi && done < n && (done == 0 || len(t.Genes) < maxEntries); block++ {
		from := first + done - block*blockCells
		to := min(blockCells, from+n-done)
		m.sortBlock(block, from, to, t)
		done += to - from
	}
	m.tidy(t, m.sparse.genes) // every gene is below
	return done, nil
}

// before is the number of entries in all blocks before block.
func (m *csc) before(block int64) int64 {
	if block == 0 {
		return 0
	}
	return m.ends[block-1]
}

// count is the first pass: how many entries each block of cells has.
func (m *csc) count(ctx context.Context) error {
	ptr, err := m.readIndptr(0, m.sparse.genes+1)
	if err != nil {
		return err
	}
	m.ptr = append([]int64{}, ptr...)
	ends := make([]int64, (m.sparse.cells+blockCells-1)/blockCells)
	err = m.pieces(ctx, func(first int64) error {
		for _, cell := range m.minors {
			ends[cell/blockCells]++
		}
		return nil
	})
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	m.ends = ends
	return err
}

// pieces reads all indices piece by piece into m.minors.
func (m *csc) pieces(ctx context.Context, use func(first int64) error) error {
	for first, n := int64(0), m.data.Len(); first < n; first += cscPiece {
		if err := ctx.Err(); err != nil {
			return err
		}
		m.minors = sized(m.minors, min(cscPiece, n-first))
		if err := hdf5.ScanIndices(m.index, m.minors, first); err != nil {
			return err
		}
		if err := m.checkIndices(first, m.minors); err != nil {
			return err
		}
		if err := use(first); err != nil {
			return err
		}
	}
	return nil
}

// load reads the entries of as many blocks from block on as fit the memory.
func (m *csc) load(ctx context.Context, block int64) error {
	m.lo, m.hi = block, block+1
	for m.hi < int64(len(m.ends)) && (m.ends[m.hi]-m.before(block))*entryBytes <= m.memory {
		m.hi++
	}
	base := m.before(block)
	total := m.ends[m.hi-1] - base
	m.cells, m.genes, m.values = sized(m.cells, total), sized(m.genes, total), sized(m.values, total)
	next := make([]int64, m.hi-m.lo) // where each block's next entry goes
	for i := range next {
		next[i] = m.before(m.lo+int64(i)) - base
	}
	gene := 0
	return m.pieces(ctx, func(first int64) error { return m.place(first, base, next, &gene) })
}

// place puts the piece's entries that belong to loaded blocks where they go.
func (m *csc) place(first, base int64, next []int64, gene *int) error {
	m.piece = sized(m.piece, int64(len(m.minors)))
	if err := hdf5.ScanFloats(m.sparse.values, m.piece, first, int64(len(m.piece))); err != nil {
		return err
	}
	for i, cell := range m.minors {
		for first+int64(i) >= m.ptr[*gene+1] {
			*gene++
		}
		block := int64(cell/blockCells) - m.lo
		if block < 0 || block >= int64(len(next)) {
			continue
		}
		at := next[block]
		if at >= m.ends[m.lo+block]-base {
			return fault(m.indices, fmt.Sprintf("changed while it was read, at %d", first+int64(i)), "")
		}
		m.cells[at], m.genes[at], m.values[at] = uint8(cell%blockCells), uint32(*gene), m.piece[i]
		next[block]++
	}
	return nil
}

// sortBlock appends cells [from, to) of a loaded block to t, by counting.
func (m *csc) sortBlock(block, from, to int64, t *counts.Table) {
	base := m.before(m.lo)
	lo, hi := m.before(block)-base, m.ends[block]-base
	var sizes [blockCells]int64
	for _, c := range m.cells[lo:hi] {
		sizes[c]++
	}
	var next [blockCells]int64
	end := int64(len(t.Genes))
	for c := from; c < to; c++ {
		next[c] = end
		end += sizes[c]
		t.Indptr = append(t.Indptr, end)
	}
	t.Genes, t.Values = grown(t.Genes, end), grown(t.Values, end)
	for i := lo; i < hi; i++ {
		if c := int64(m.cells[i]); c >= from && c < to {
			t.Genes[next[c]], t.Values[next[c]] = m.genes[i], m.values[i]
			next[c]++
		}
	}
}

// grown lengthens v to n, keeping what it holds.
func grown[T any](v []T, n int64) []T {
	if int64(cap(v)) >= n {
		return v[:n]
	}
	w := make([]T, n, n+n/4)
	copy(w, v)
	return w
}
