package store

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

// typeOf is the narrowest type for a table's counts.
func typeOf(t *counts.Table, genes *counts.Frame) CountType {
	var c counts.Check
	c.Add(t, genes)
	return TypeFor(c.Max(), c.Fraction.N > 0)
}

// write writes a store, cut into tables of chunk cells.
func write(t *testing.T, dir string, full *countstest.FullTable, kind CountType, chunk int) {
	t.Helper()
	writeWith(t, dir, full, Options{Count: kind}, chunk)
}

func writeWith(t *testing.T, dir string, full *countstest.FullTable, opt Options, chunk int) *Writer {
	t.Helper()
	header := full.Table.Obs.Header()
	w, err := Create(dir, full.Genes, &header, opt)
	if err != nil {
		t.Fatal(err)
	}
	for lo := 0; lo < full.Table.Cells(); lo += chunk {
		if err := w.Write(countstest.Cut(full.Table, lo, min(lo+chunk, full.Table.Cells()))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w
}

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	countstest.Run(t, func(t *testing.T, want *countstest.FullTable) counts.Reader {
		dir := t.TempDir()
		write(t, dir, want, typeOf(want.Table, want.Genes), 700)
		return open(t, dir).Reader()
	})
}

// sample is a table of cells × genes with counts up to limit, by formula.
func sample(cells, genes int, limit float64) *countstest.FullTable {
	gene, obs := &counts.Frame{}, counts.Frame{Columns: []counts.Column{
		{Name: "batch", Kind: counts.Categorical, Levels: []string{"x", "y"}},
		{Name: "genes", Kind: counts.Int}}}
	for g := range genes {
		gene.Names = append(gene.Names, fmt.Sprintf("g%d", g))
	}
	t := &counts.Table{Indptr: []int64{0}}
	for i := range cells {
		obs.Names = append(obs.Names, fmt.Sprintf("c%d", i))
		obs.Columns[0].Codes = append(obs.Columns[0].Codes, int32(i%3)-1)
		obs.Columns[1].Ints = append(obs.Columns[1].Ints, int64(i))
		for g := (i * 7) % 5; g < genes; g += 1 + (i*g+g)%9 {
			t.Genes = append(t.Genes, uint32(g))
			t.Values = append(t.Values, 1+math.Mod(float64(i*g), limit))
		}
		t.Indptr = append(t.Indptr, int64(len(t.Genes)))
	}
	t.Obs = obs
	return &countstest.FullTable{Genes: gene, Table: t}
}

func TestReadGivesRowsAndTotals(t *testing.T) {
	full := sample(2500, 40, 100)
	for kind := Uint8; kind <= Float32; kind++ {
		dir := t.TempDir()
		write(t, dir, full, kind, 1000)
		s := open(t, filepath.Join(dir, CellsFile))
		if s.Cells() != 2500 || s.Batches() != 3 || s.Count() != kind || s.NNZ() != int64(len(full.Table.Genes)) {
			t.Fatalf("%s: cells %d batches %d count %s nnz %d", kind, s.Cells(), s.Batches(), s.Count(), s.NNZ())
		}
		totals, detect := make([]float64, 40), make([]int64, 40)
		var rows Rows
		for i := range s.Batches() {
			if err := s.Read(i, &rows); err != nil {
				t.Fatal(err)
			}
			if rows.First != i*BatchCells {
				t.Fatalf("batch %d begins at cell %d", i, rows.First)
			}
			for r := range rows.Cells() {
				genes, values := full.Table.Row(rows.First + r)
				lo, hi := rows.Indptr[r], rows.Indptr[r+1]
				if !slices.Equal(genes, rows.Genes[lo:hi]) {
					t.Fatalf("cell %d: genes differ", rows.First+r)
				}
				for k, v := range values {
					if float64(rows.Counts[lo+int64(k)]) != v {
						t.Fatalf("cell %d: counts differ", rows.First+r)
					}
					totals[genes[k]] += v
					detect[genes[k]]++
				}
			}
		}
		if !slices.Equal(totals, s.GeneTotals()) || !slices.Equal(detect, s.GeneCells()) {
			t.Fatalf("%s: totals %v, want %v", kind, s.GeneTotals(), totals)
		}
		obs, err := s.Obs()
		if err != nil {
			t.Fatal(err)
		}
		if d := countstest.DiffFrames(obs, &full.Table.Obs); d != "" {
			t.Fatal(d)
		}
	}
}

func TestConcurrentReads(t *testing.T) {
	full := sample(3000, 30, 100)
	dir := t.TempDir()
	write(t, dir, full, Uint8, 3000)
	s := open(t, dir)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			var rows Rows
			for n := range 30 {
				i := (n + w) % s.Batches()
				if err := s.Read(i, &rows); err != nil {
					t.Error(err)
					return
				}
				lo, hi := full.Table.Indptr[rows.First], full.Table.Indptr[rows.First+rows.Cells()]
				if !slices.Equal(rows.Genes, full.Table.Genes[lo:hi]) {
					t.Error("rows of another batch")
				}
			}
		})
	}
	wg.Wait()
}

func TestReaderNames(t *testing.T) {
	full := sample(2000, 4, 10)
	dir := t.TempDir()
	write(t, dir, full, Uint8, 2000)
	r := open(t, dir).Reader()
	names, err := r.(counts.CellNamer).CellNames(context.Background())
	if err != nil || !reflect.DeepEqual(names, full.Table.Obs.Names) {
		t.Fatal(err, len(names))
	}
	if _, err := r.Next(context.Background()); err != nil { // reading goes on from the first cell
		t.Fatal(err)
	}
}

// Names gives the same names as Obs.
func TestNamesAreObs(t *testing.T) {
	full := sample(BatchCells+300, 50, 9)
	dir := t.TempDir()
	write(t, dir, full, Uint8, 500)
	s := open(t, dir)
	obs, err := s.Obs()
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range []int{BatchCells, 300} {
		names, err := s.Names(i)
		if err != nil || !slices.Equal(names, obs.Names[i*BatchCells:i*BatchCells+n]) {
			t.Errorf("batch %d: other names than in Obs (%v)", i, err)
		}
	}
}
