package store

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Rows are the counts of cells of one batch, sparse and cell-major: those of
// cell First+i are Genes[Indptr[i]:Indptr[i+1]], ascending, and the Counts beside
// them. Read reuses the slices.
type Rows struct {
	First  int
	Indptr []int64
	Genes  []uint32
	Counts []float32 // exact up to 2²⁴
}

// Cells is the number of cells.
func (r *Rows) Cells() int { return len(r.Indptr) - 1 }

// Read reads batch i, 0 ≤ i < Batches, into rows. Several goroutines may read,
// each with its own rows. A damaged batch is a *counts.InputError.
func (s *Store) Read(i int, rows *Rows) error {
	return s.within(i, func(record arrow.RecordBatch) error {
		values, err := s.readGenesOf(record, i, rows)
		if err == nil {
			rows.Counts, err = readCounts(rows.Counts, values, s, i)
		}
		return err
	})
}

// within calls do with batch i, whose memory is the file's until do returns, and
// gives the pages that it touched back. Bytes that make no sense to Arrow are an
// *counts.InputError.
func (s *Store) within(i int, do func(record arrow.RecordBatch) error) error {
	record, err := s.record(i)
	if err != nil {
		return err
	}
	defer s.cells.drop(i)
	defer record.Release()
	return s.cells.guard(func() error { return do(record) })
}

// record is batch i with as many rows as it must have.
func (s *Store) record(i int) (arrow.RecordBatch, error) {
	record, err := s.cells.batch(i)
	if err != nil {
		return nil, err
	}
	want := min(BatchCells, s.Cells()-i*BatchCells)
	if int(record.NumRows()) != want {
		defer record.Release()
		return nil, s.cells.damaged("record batch %d: %d cells where %d are expected", i, record.NumRows(), want)
	}
	return record, nil
}

// readGenesOf fills all of rows but the counts, which it returns, not yet
// checked: as many as there are genes.
func (s *Store) readGenesOf(record arrow.RecordBatch, i int, rows *Rows) (arrow.Array, error) {
	genes, ok := record.Column(1).(*array.List)
	values, ok2 := record.Column(2).(*array.List)
	if !ok || !ok2 || genes.NullN()+values.NullN()+genes.ListValues().NullN()+values.ListValues().NullN() != 0 {
		return nil, s.cells.damaged("record batch %d: %s or %s has nulls", i, genesList, countsList)
	}
	n := int(record.NumRows())
	rows.First = i * BatchCells
	if _, err := s.readOffsets(rows, genes, values, i, 0, n); err != nil {
		return nil, err
	}
	rows.Genes = resize(rows.Genes, int(rows.Indptr[n]))
	if s.narrow {
		ok = widen(rows.Genes, genes.ListValues().(*array.Uint16).Uint16Values(), rows.Indptr, s.meta.Genes)
	} else {
		ok = widen(rows.Genes, genes.ListValues().(*array.Uint32).Uint32Values(), rows.Indptr, s.meta.Genes)
	}
	if !ok {
		return nil, s.cells.damaged("record batch %d: gene indices do not ascend below %d", i, s.meta.Genes)
	}
	return values.ListValues(), nil
}

// readOffsets fills rows.Indptr for cells from … to−1 and gives the place of
// their first count. It checks that both lists are cut alike, from 0, without
// going back and within their values.
func (s *Store) readOffsets(rows *Rows, genes, values *array.List, i, from, to int) (first int, err error) {
	rows.Indptr = append(rows.Indptr[:0], 0)
	n := genes.Len()
	if n == 0 {
		return 0, nil
	}
	a, b := genes.Offsets()[:n+1], values.Offsets()[:n+1]
	if int(a[n]) != genes.ListValues().Len() || int(b[n]) != values.ListValues().Len() || a[n] != b[n] {
		return 0, s.cells.damaged("record batch %d: %d genes and %d counts where its cells end at %d",
			i, genes.ListValues().Len(), values.ListValues().Len(), a[n])
	}
	last := a[from]
	if a[0] != 0 || b[0] != 0 || last != b[from] || last < 0 {
		return 0, s.cells.damaged("record batch %d: cell %d: its counts go from %d and from %d", i, from, last, b[from])
	}
	first = int(last)
	for k := from + 1; k <= to; k++ {
		if a[k] != b[k] || a[k] < last || a[k] > a[n] {
			return 0, s.cells.damaged("record batch %d: cell %d: its counts go from %d to %d", i, k-1, last, a[k])
		}
		last = a[k]
		rows.Indptr = append(rows.Indptr, int64(last)-int64(first))
	}
	return first, nil
}

// widen copies gene indices, checking that each cell's ascend below genes.
func widen[T uint16 | uint32](dst []uint32, src []T, indptr []int64, genes int) bool {
	for i := 1; i < len(indptr); i++ {
		next := uint32(0) // the smallest index that may follow
		for k := indptr[i-1]; k < indptr[i]; k++ {
			g := uint32(src[k])
			if g < next || int(g) >= genes {
				return false
			}
			dst[k] = g
			next = g + 1
		}
	}
	return true
}

// readCounts copies the counts of batch i, whose number is that of rows' genes.
func readCounts[F float32 | float64](dst []F, values arrow.Array, s *Store, i int) ([]F, error) {
	ok := true
	switch a := values.(type) {
	case *array.Uint8:
		dst, ok = whole(dst, a.Uint8Values())
	case *array.Uint16:
		dst, ok = whole(dst, a.Uint16Values())
	case *array.Uint32:
		dst, ok = whole(dst, a.Uint32Values())
	case *array.Float32:
		dst, ok = positive(dst, a.Float32Values())
	}
	if !ok {
		return dst, s.cells.damaged("record batch %d: a count is zero, negative or not finite", i)
	}
	return dst, nil
}

// whole copies whole counts and says whether none is zero.
func whole[F float32 | float64, T uint8 | uint16 | uint32](dst []F, src []T) ([]F, bool) {
	dst = resize(dst, len(src))
	for k, v := range src {
		if v == 0 {
			return dst, false
		}
		dst[k] = F(v)
	}
	return dst, true
}

// positive copies counts and says whether all are finite and above zero.
func positive[F float32 | float64](dst []F, src []float32) ([]F, bool) {
	dst = resize(dst, len(src))
	ok := true
	for k, v := range src {
		ok = ok && v > 0 && float64(v) <= math.MaxFloat32
		dst[k] = F(v)
	}
	return dst, ok
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
