//go:build cgo

package hdf5

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// tables calls do for each dataset of two axes of chunksFile, with all its values,
// for one thread and three, with as little memory as may be and with enough.
func tables(t *testing.T, do func(t *testing.T, d *Dataset, values []float64, pool *Decoders, memory int64)) {
	everyDataset(t, func(t *testing.T, d *Dataset, _ string) {
		if len(d.Shape()) != 2 {
			t.Skip("one axis")
		}
		all := make([]float64, d.Len())
		must(t, Read(d, all, []int64{0, 0}, d.Shape()))
		for _, threads := range []int{1, 3} {
			pool := NewDecoders(threads)
			defer pool.Close()
			for _, memory := range []int64{0, 3000, 1 << 30} {
				do(t, d, all, pool, memory)
			}
		}
	})
}

// TestScanColumns: any range of columns is what libhdf5 reads, turned.
func TestScanColumns(t *testing.T) {
	tables(t, func(t *testing.T, d *Dataset, all []float64, pool *Decoders, memory int64) {
		rows, cols := d.Shape()[0], d.Shape()[1]
		s, err := d.Scan(pool, ByColumns, memory)
		must(t, err)
		defer s.Close()
		rng := rand.New(rand.NewPCG(3, 4))
		for range 40 {
			first := rng.Int64N(cols + 1)
			n := rng.Int64N(cols - first + 1)
			got := make([]float64, n*rows)
			must(t, ScanFloats(s, got, first, n))
			for i, v := range got {
				row, col := int64(i)%rows, first+int64(i)/rows
				if want := all[row*cols+col]; !sameValue(v, want) {
					t.Fatalf("columns %d to %d: (%d, %d) is %v, want %v", first, first+n, row, col, v, want)
				}
			}
		}
	})
}

// TestScanBlocks: the blocks tile the dataset, but for chunks that hold zeros because
// they were never written; twice, and after a pass that was left.
func TestScanBlocks(t *testing.T) {
	tables(t, func(t *testing.T, d *Dataset, all []float64, pool *Decoders, memory int64) {
		cols := d.Shape()[1]
		s, err := d.Scan(pool, ByBlocks, memory)
		must(t, err)
		defer s.Close()
		for range s.Blocks() {
			break
		}
		for range 2 {
			got, seen := make([]float64, len(all)), 0
			for b, err := range s.Blocks() {
				must(t, err)
				for i, v := range b.Values {
					got[(b.Row+int64(i)/b.Cols)*cols+b.Col+int64(i)%b.Cols] = v
				}
				seen += len(b.Values)
			}
			if seen != len(all) || !slices.EqualFunc(got, all, sameValue) {
				t.Fatalf("%d values of %d: %v, want %v", seen, len(all), got, all)
			}
		}
	})
}

// TestNeeds: a Scan takes what it is said to need, more where it is given more, and
// never more than it is given beyond that.
func TestNeeds(t *testing.T) {
	tables(t, func(t *testing.T, d *Dataset, _ []float64, pool *Decoders, memory int64) {
		for _, way := range []Way{ByRows, ByColumns, ByBlocks} {
			need, err := d.Needs(way)
			must(t, err)
			s, err := d.Scan(pool, way, memory)
			must(t, err)
			if took := s.Takes(); took < need || took > max(need, memory) {
				t.Errorf("way %d: takes %d of %d bytes, needs %d", way, took, memory, need)
			}
			for range s.Blocks() { // the buffers are made
				if way != ByBlocks {
					break
				}
			}
			if held := s.holds(); held > s.Takes() {
				t.Errorf("way %d: holds %d bytes, said to take %d", way, held, s.Takes())
			}
			s.Close()
		}
	})
}

// holds is the bytes of all buffers for chunks.
func (s *Scan) holds() (n int64) {
	s.Close()
	for _, c := range s.free {
		n += int64(cap(c.raw) + cap(c.data) + cap(c.scratch))
	}
	return n
}

// TestPieces: pieces follow each other and cover the whole.
func TestPieces(t *testing.T) {
	for _, whole := range []Block{{Rows: 3, Cols: 200_000}, {Row: 5, Col: 7, Rows: 1000, Cols: 300}, {Rows: 1, Cols: 1}} {
		values := int64(0)
		for b := range pieces(whole) {
			if b.Rows*b.Cols > blockValues || b.Rows < 1 || b.Cols < 1 {
				t.Errorf("%+v has a piece %+v", whole, b)
			}
			values += b.Rows * b.Cols
		}
		if values != whole.Rows*whole.Cols {
			t.Errorf("the pieces of %+v have %d values", whole, values)
		}
	}
}
