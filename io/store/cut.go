package store

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Cut is the counts of neighbouring cells of one batch in the file's types,
// sparse and cell-major: those of cell First+i are from Indptr[i] to Indptr[i+1]
// of the genes, ascending, and of the counts beside them, which are above 0. One
// slice of genes and one of counts is in use. ReadCut reuses their memory.
type Cut struct {
	First    int
	Indptr   []int64
	Narrow   []uint16 // genes, or
	Wide     []uint32
	Counts8  []uint8 // counts, or
	Counts16 []uint16
	Counts32 []uint32
	Floats   []float32

	offsets, genes, counts []byte
}

// place is where a batch's numbers lie in the file: offsets of the lists, genes
// and counts.
type place struct{ offsets, genes, counts int64 }

// ReadCut reads cells from … to−1 of batch i, 0 ≤ from ≤ to ≤ its cells. The whole
// batch is checked at its first reading; after that no more of the file is read
// than these cells' counts, and nothing of it is mapped: many small stretches in
// any order would spend their time in faults, and in giving pages back. Several
// goroutines may read, each with its own cut. A damaged batch is a
// *counts.InputError.
func (s *Store) ReadCut(i, from, to int, cut *Cut) error {
	p := s.cells.places[i].Load()
	if p == nil {
		var err error
		if p, err = s.check(i); err != nil {
			return err
		}
		s.cells.places[i].Store(p)
	}
	if err := s.cells.read(p.offsets+4*int64(from), 4*(to-from+1), &cut.offsets); err != nil {
		return err
	}
	offsets := numbers[int32](cut.offsets)
	first, n := int64(offsets[0]), int(offsets[to-from]-offsets[0])
	cut.First, cut.Indptr = i*BatchCells+from, cut.Indptr[:0]
	for _, at := range offsets {
		cut.Indptr = append(cut.Indptr, int64(at)-first)
	}
	width := geneType(s.meta.Genes).(arrow.FixedWidthDataType).Bytes()
	if err := s.cells.read(p.genes+first*int64(width), n*width, &cut.genes); err != nil {
		return err
	}
	width = s.kind.arrow().(arrow.FixedWidthDataType).Bytes()
	if err := s.cells.read(p.counts+first*int64(width), n*width, &cut.counts); err != nil {
		return err
	}
	cut.show(s)
	return nil
}

// show points the slices at the bytes read.
func (c *Cut) show(s *Store) {
	if s.narrow {
		c.Narrow = numbers[uint16](c.genes)
	} else {
		c.Wide = numbers[uint32](c.genes)
	}
	switch s.kind {
	case Uint8:
		c.Counts8 = c.counts
	case Uint16:
		c.Counts16 = numbers[uint16](c.counts)
	case Uint32:
		c.Counts32 = numbers[uint32](c.counts)
	default:
		c.Floats = numbers[float32](c.counts)
	}
}

// numbers are the bytes as the machine's numbers, which are the file's too, as
// wherever its mapped memory is looked at.
func numbers[T int32 | uint16 | uint32 | float32](b []byte) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(T(0))))
}

// read reads n bytes from place at into *b, which may get other memory.
func (f *arrowFile) read(at int64, n int, b *[]byte) error {
	if *b = resize(*b, n); *b == nil {
		*b = []byte{}
	}
	_, err := f.file.ReadAt(*b, at)
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return nil
}

// check looks at every gene and count of a batch, and says where they lie.
func (s *Store) check(i int) (*place, error) {
	p := &place{}
	err := s.within(i, func(record arrow.RecordBatch) error {
		var rows Rows
		values, err := s.readGenesOf(record, i, &rows)
		if err != nil {
			return err
		}
		if _, err := readCounts[float32](nil, values, s, i); err != nil {
			return err
		}
		genes := record.Column(1).(*array.List)
		for _, x := range []struct {
			at    *int64
			array arrow.Array
		}{{&p.offsets, genes}, {&p.genes, genes.ListValues()}, {&p.counts, values}} {
			if *x.at, err = s.cells.placeOf(x.array); err != nil {
				return err
			}
		}
		return nil
	})
	return p, err
}

// placeOf is where in the file the second buffer of an array begins, its offsets
// or values: the array's memory is the mapped file's.
func (f *arrowFile) placeOf(a arrow.Array) (int64, error) {
	b := a.Data().Buffers()[1]
	if b == nil || b.Len() == 0 {
		return 0, nil // there is nothing to read
	}
	at := int64(uintptr(unsafe.Pointer(unsafe.SliceData(b.Bytes()))) - uintptr(unsafe.Pointer(unsafe.SliceData(f.data))))
	if at < 0 || at+int64(b.Len()) > int64(len(f.data)) || a.Data().Offset() != 0 {
		return 0, f.damaged("a column's numbers lie outside the file")
	}
	return at, nil
}
