package results

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
)

// The tables of the benchmarks: what reconstruct writes a row group of, and what
// embed does.
var shapes = []struct{ cells, columns int }{{4096, 2000}, {65536, 10}}

// each runs the benchmark of every table, written to a file, and reports its cells
// a second.
func each(b *testing.B, run func(b *testing.B, path string, s Schema, cols []Column)) {
	for _, shape := range shapes {
		s, cols := wide(shape.cells, shape.columns)
		path := filepath.Join(b.TempDir(), "x.parquet")
		if err := Write(path, s.Index, nil, cols...); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%dx%d", shape.cells, shape.columns), func(b *testing.B) {
			b.SetBytes(int64(shape.cells) * int64(shape.columns) * 4)
			run(b, path, s, cols)
			b.ReportMetric(float64(b.N)*float64(shape.cells)/b.Elapsed().Seconds(), "cells/s")
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	each(b, func(b *testing.B, path string, s Schema, cols []Column) {
		for b.Loop() {
			w, err := Create(path, s)
			if err != nil {
				b.Fatal(err)
			}
			if err := errors.Join(w.WriteRowGroup(cols), w.Close()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	each(b, func(b *testing.B, path string, _ Schema, _ []Column) {
		for b.Loop() {
			if _, err := Read(path); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkReadNames reads one column of each file.
func BenchmarkReadNames(b *testing.B) {
	each(b, func(b *testing.B, path string, _ Schema, _ []Column) {
		for b.Loop() {
			r, err := Open(path)
			if err != nil {
				b.Fatal(err)
			}
			for g := range r.RowGroups() {
				if _, err := r.Read(g, "cell_id"); err != nil {
					b.Fatal(err)
				}
			}
			if err := r.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
