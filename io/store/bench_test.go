package store

import (
	"errors"
	"testing"
)

// benchStore is a store of 8 batches.
func benchStore(b *testing.B) *Store {
	full := sample(8*BatchCells, 2000, 200)
	dir := b.TempDir()
	header := full.Table.Obs.Header()
	w, err := Create(dir, full.Genes, &header, Options{Count: Uint8})
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(w.Write(full.Table), w.Close()); err != nil {
		b.Fatal(err)
	}
	s, err := Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

func BenchmarkRead(b *testing.B) {
	s := benchStore(b)
	var rows Rows
	b.ReportAllocs()
	cells := 0
	for b.Loop() {
		for i := range s.Batches() {
			if err := s.Read(i, &rows); err != nil {
				b.Fatal(err)
			}
			cells += rows.Cells()
		}
	}
	b.ReportMetric(float64(cells)/b.Elapsed().Seconds(), "cells/s")
	b.ReportMetric(float64(s.NNZ())/float64(s.Cells()), "nonzeros/cell")
}

func BenchmarkWrite(b *testing.B) {
	full := sample(8*BatchCells, 2000, 200)
	header := full.Table.Obs.Header()
	b.ReportAllocs()
	cells := 0
	for b.Loop() {
		w, err := Create(b.TempDir(), full.Genes, &header, Options{Count: Uint8})
		if err != nil {
			b.Fatal(err)
		}
		if err := errors.Join(w.Write(full.Table), w.Close()); err != nil {
			b.Fatal(err)
		}
		cells += full.Table.Cells()
	}
	b.ReportMetric(float64(cells)/b.Elapsed().Seconds(), "cells/s")
}

// BenchmarkReadCut reads pieces of 64 cells in the order of a shuffle.
func BenchmarkReadCut(b *testing.B) {
	const piece = 64
	s := benchStore(b)
	var cut Cut
	b.ReportAllocs()
	cells, sum := 0, 0
	for b.Loop() {
		for k := range s.Cells() / piece {
			at := k * 37 % (s.Cells() / piece) * piece
			if err := s.ReadCut(at/BatchCells, at%BatchCells, at%BatchCells+piece, &cut); err != nil {
				b.Fatal(err)
			}
			for i, g := range cut.Narrow {
				sum += int(g) * int(cut.Counts8[i])
			}
			cells += piece
		}
	}
	b.ReportMetric(float64(cells)/b.Elapsed().Seconds(), "cells/s")
	b.ReportMetric(float64(s.NNZ())/float64(s.Cells()), "nonzeros/cell")
}
