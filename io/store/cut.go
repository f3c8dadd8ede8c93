package store

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Cut is the counts of neighbouring cells of one batch as the file holds them,
// sparse and cell-major: those of cell First+i are from Indptr[i] to Indptr[i+1]
// of the genes, ascending, and of the counts beside them, which are above 0. One
// slice of genes and one of counts is in use. They are the file's own memory.
type Cut struct {
	First    int
	Indptr   []int64
	Narrow   []uint16 // genes, or
	Wide     []uint32
	Counts8  []uint8 // counts, or
	Counts16 []uint16
	Counts32 []uint32
	Floats   []float32
}

// View calls use with cells from … to−1 of batch i, 0 ≤ from ≤ to ≤ its cells, in
// cut, whose slices are valid until use returns. No more of the file is touched
// than these cells' counts, once all of the batch has been checked at its first
// view. Several goroutines may view, each with its own cut. A damaged batch is a
// *counts.InputError.
func (s *Store) View(i, from, to int, cut *Cut, use func()) error {
	record, err := s.record(i)
	if err != nil {
		return err
	}
	defer s.cells.drop(i)
	defer record.Release()
	if !s.cells.checked[i].Load() {
		if err := s.check(record, i); err != nil {
			return err
		}
		s.cells.checked[i].Store(true)
	}
	return s.cells.guard(func() error {
		if err := s.cut(record, i, from, to, cut); err != nil {
			return err
		}
		use()
		return nil
	})
}

// check reads all of a batch as Read does, which looks at every gene and count.
func (s *Store) check(record arrow.RecordBatch, i int) error {
	return s.cells.guard(func() error {
		var rows Rows
		values, err := s.readGenesOf(record, i, &rows)
		if err == nil {
			_, err = readCounts[float32](nil, values, s, i)
		}
		return err
	})
}

// cut points to the counts of cells from … to−1.
func (s *Store) cut(record arrow.RecordBatch, i, from, to int, cut *Cut) error {
	genes, values := record.Column(1).(*array.List), record.Column(2).(*array.List)
	rows := Rows{Indptr: cut.Indptr}
	first, err := s.readOffsets(&rows, genes, values, i, from, to)
	if err != nil {
		return err
	}
	*cut = Cut{First: i*BatchCells + from, Indptr: rows.Indptr}
	end := first + int(rows.Indptr[len(rows.Indptr)-1])
	if s.narrow {
		cut.Narrow = genes.ListValues().(*array.Uint16).Uint16Values()[first:end]
	} else {
		cut.Wide = genes.ListValues().(*array.Uint32).Uint32Values()[first:end]
	}
	switch a := values.ListValues().(type) {
	case *array.Uint8:
		cut.Counts8 = a.Uint8Values()[first:end]
	case *array.Uint16:
		cut.Counts16 = a.Uint16Values()[first:end]
	case *array.Uint32:
		cut.Counts32 = a.Uint32Values()[first:end]
	case *array.Float32:
		cut.Floats = a.Float32Values()[first:end]
	}
	return nil
}
