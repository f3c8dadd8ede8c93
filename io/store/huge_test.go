package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"testing"

	"cellvi/io/counts"
)

// hugeGenes makes 106 batches of full cells hold more than 2^31 counts.
const (
	hugeGenes   = 20_000
	hugeBatches = 106
)

// TestHuge: a store of more counts than 32 bits can number is written and read like
// any other, in the memory of a batch. It needs 6.5 GB of disk and some minutes.
func TestHuge(t *testing.T) {
	if os.Getenv("CELLVI_HUGE") == "" {
		t.Skip("set CELLVI_HUGE=1 to write and read a store of 2^31 counts: 6.5 GB in TMPDIR")
	}
	dir := t.TempDir()
	writeHuge(t, dir)
	s := open(t, dir)
	want := int64(hugeBatches) * BatchCells * hugeGenes
	if s.NNZ() != want || want <= math.MaxInt32 || s.Cells() != hugeBatches*BatchCells {
		t.Fatalf("%d counts of %d cells, want %d", s.NNZ(), s.Cells(), want)
	}
	for g, n := range s.GeneCells() {
		if n != int64(s.Cells()) || s.GeneTotals()[g] != hugeTotal(g) {
			t.Fatalf("gene %d: %d cells, total %v, want %v", g, n, s.GeneTotals()[g], hugeTotal(g))
		}
	}
	checkHugeEnd(t, s)
	readHuge(t, s)
}

// hugeCount is the count of a gene in all cells of a batch.
func hugeCount(batch, gene int) float64 { return float64(1 + (7*batch+gene)%251) }

func hugeTotal(gene int) float64 {
	sum := 0.0
	for b := range hugeBatches {
		sum += BatchCells * hugeCount(b, gene)
	}
	return sum
}

// hugeTable is a batch of which every cell has a count of every gene.
func hugeTable() *counts.Table {
	n := BatchCells * hugeGenes
	t := &counts.Table{Indptr: make([]int64, 1, BatchCells+1), Genes: make([]uint32, n), Values: make([]float64, n)}
	t.Obs.Names = make([]string, BatchCells)
	for i := range n {
		t.Genes[i] = uint32(i % hugeGenes)
	}
	for c := range BatchCells {
		t.Indptr = append(t.Indptr, int64((c+1)*hugeGenes))
	}
	return t
}

func writeHuge(t *testing.T, dir string) {
	t.Helper()
	genes := &counts.Frame{}
	for g := range hugeGenes {
		genes.Names = append(genes.Names, "gene"+strconv.Itoa(g))
	}
	w, err := Create(dir, genes, &counts.Frame{}, Options{Count: Uint8})
	if err != nil {
		t.Fatal(err)
	}
	table := hugeTable()
	for b := range hugeBatches {
		for c := range BatchCells {
			table.Obs.Names[c] = fmt.Sprint("cell", b*BatchCells+c)
		}
		for i := range table.Values {
			table.Values[i] = hugeCount(b, i%hugeGenes)
		}
		if err := w.Write(table); err != nil {
			t.Fatal(err, w.Close())
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// checkHugeEnd looks at the last cells, whose counts lie beyond 2^31.
func checkHugeEnd(t *testing.T, s *Store) {
	t.Helper()
	last := s.Batches() - 1
	names, err := s.Names(last)
	if err != nil || names[BatchCells-1] != fmt.Sprint("cell", s.Cells()-1) {
		t.Fatalf("%d names, the last %q, %v", len(names), names[len(names)-1], err)
	}
	var rows Rows
	var cut Cut
	if err := errors.Join(s.Read(last, &rows), s.ReadCut(last, BatchCells-2, BatchCells, &cut)); err != nil {
		t.Fatal(err)
	}
	same(t, &rows, &cut, BatchCells-2, BatchCells)
	for g, v := range cut.Counts8[hugeGenes:] {
		if float64(v) != hugeCount(last, g) {
			t.Fatalf("the last cell, gene %d: %d, want %v", g, v, hugeCount(last, g))
		}
	}
}

// readHuge reads all cells in order.
func readHuge(t *testing.T, s *Store) {
	t.Helper()
	r := s.Reader()
	batch := 0
	for {
		table, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range table.Values {
			if v != hugeCount(batch, int(table.Genes[i])) {
				t.Fatalf("batch %d, entry %d: %v", batch, i, v)
			}
		}
		batch++
	}
	if batch != hugeBatches {
		t.Errorf("%d batches, want %d", batch, hugeBatches)
	}
}
