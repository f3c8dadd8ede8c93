package h5matrix

import (
	"context"
	"fmt"
	"iter"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// cscPiece is how many entries are read at a time.
const cscPiece = 1 << 18

// csc reads a matrix stored gene by gene; see counts.ByCell. Entries come gene by
// gene, so within a cell they stay in order.
type csc struct {
	*sparse
	sorted *counts.ByCell
	ptr    []int64  // indptr, one a gene and one more
	minors []uint32 // a piece of the file: the cells
	majors []uint32 // and the genes
	piece  []float64
}

func newCSC(s *sparse, opt Options) (Matrix, error) {
	held := 16 * (s.genes + 1) // indptr, and its reading
	if held > opt.chunks() {
		s.Close()
		return nil, &counts.MemoryError{File: s.at.File().Path(), Place: s.indptr.Place(),
			Found: fmt.Sprintf("stored gene by gene, with %d genes", s.genes), Need: held/chunkShare*shares + shares, Allow: opt.memory()}
	}
	ptr, err := s.readIndptr(0, s.genes+1)
	if err != nil {
		s.Close()
		return nil, err
	}
	m := &csc{sparse: s, ptr: append([]int64{}, ptr...)}
	s.scratch = nil
	m.sorted = counts.NewByCell(m.entries, s.cells, s.genes, opt.sorting(s.values.Takes()+s.index.Takes()))
	return m, nil
}

// Fill sorts the next cells.
func (m *csc) Fill(ctx context.Context, first, n int64, t *counts.Table) (int64, error) {
	return m.sorted.Fill(ctx, first, n, t)
}

// entries reads the file piece by piece.
func (m *csc) entries(ctx context.Context) iter.Seq2[counts.Entries, error] {
	return func(yield func(counts.Entries, error) bool) {
		gene := uint32(0)
		for first, n := int64(0), m.data.Len(); first < n; first += cscPiece {
			err := ctx.Err()
			if err == nil {
				err = m.read(first, min(cscPiece, n-first), &gene)
			}
			if err != nil {
				yield(counts.Entries{}, err)
				return
			}
			if !yield(counts.Entries{Cells: m.minors, Genes: m.majors, Values: m.piece}, nil) {
				return
			}
		}
	}
}

// read reads n entries from first on; gene is that of the entry before.
func (m *csc) read(first, n int64, gene *uint32) error {
	m.minors, m.majors, m.piece = counts.Sized(m.minors, n), counts.Sized(m.majors, n), counts.Sized(m.piece, n)
	if err := hdf5.ScanIndices(m.index, m.minors, first); err != nil {
		return err
	}
	if err := m.checkIndices(first, m.minors); err != nil {
		return err
	}
	for i := range m.majors {
		for first+int64(i) >= m.ptr[*gene+1] {
			*gene++
		}
		m.majors[i] = *gene
	}
	return hdf5.ScanFloats(m.values, m.piece, first, n)
}

// Close closes the datasets.
func (m *csc) Close() {
	m.sorted.Close()
	m.sparse.Close()
}
