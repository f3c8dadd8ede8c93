package store

import (
	"errors"
	"slices"
	"testing"

	"cellvi/io/counts"
)

// Whatever cells are cut out, and in whatever type the store holds counts, they
// are what Read reads.
func TestCutIsPartOfRead(t *testing.T) {
	for _, kind := range []CountType{Uint8, Uint16, Uint32, Float32} {
		dir := t.TempDir()
		write(t, dir, sample(BatchCells+70, 40, 50), kind, 500)
		s := open(t, dir)
		var rows Rows
		var cut Cut
		for i := range s.Batches() {
			if err := s.Read(i, &rows); err != nil {
				t.Fatal(err)
			}
			for _, r := range [][2]int{{0, rows.Cells()}, {0, 0}, {3, 9}, {rows.Cells() - 1, rows.Cells()}} {
				if err := s.ReadCut(i, r[0], r[1], &cut); err != nil {
					t.Fatal(err)
				}
				same(t, &rows, &cut, r[0], r[1])
			}
		}
	}
}

func same(t *testing.T, rows *Rows, cut *Cut, from, to int) {
	t.Helper()
	genes, values := slices.Clone(cut.Wide), slices.Clone(cut.Floats)
	for _, g := range cut.Narrow {
		genes = append(genes, uint32(g))
	}
	for _, x := range cut.Counts8 {
		values = append(values, float32(x))
	}
	for _, x := range cut.Counts16 {
		values = append(values, float32(x))
	}
	for _, x := range cut.Counts32 {
		values = append(values, float32(x))
	}
	lo, hi := rows.Indptr[from], rows.Indptr[to]
	if cut.First != rows.First+from || len(cut.Indptr) != to-from+1 ||
		!slices.Equal(genes, rows.Genes[lo:hi]) || !slices.Equal(values, rows.Counts[lo:hi]) {
		t.Fatalf("cells %d to %d of batch at %d differ", from, to, rows.First)
	}
	for i, p := range cut.Indptr {
		if p != rows.Indptr[from+i]-lo {
			t.Fatalf("cell %d begins at %d, not %d", i, p, rows.Indptr[from+i]-lo)
		}
	}
}

// Genes out of order are met at a batch's first reading, even in other cells.
func TestCutChecksTheBatch(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, sample(100, 40, 50), Uint8, 100)
	s := open(t, dir)
	s.meta.Genes = 2 // as if all but two genes were unknown
	var input *counts.InputError
	if err := s.ReadCut(0, 0, 0, &Cut{}); !errors.As(err, &input) {
		t.Errorf("got %v", err)
	}
}
