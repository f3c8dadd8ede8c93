//go:build cgo

package h5ad

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"testing"

	"cellvi/io/counts"
)

// BenchmarkRead reads real counts, CSR with gzip, whole.
func BenchmarkRead(b *testing.B) {
	for _, name := range []string{"kang_pbmc_8patients.h5ad", "mixology_5batches_all_genes.h5ad"} {
		path := shared(b, "data/"+name)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			cells, values := 0, 0
			for b.Loop() {
				r, err := Open(path, Options{})
				if err != nil {
					b.Fatal(err)
				}
				for {
					t, err := r.Next(context.Background())
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					cells, values = cells+t.Cells(), values+len(t.Values)
				}
				r.Close()
			}
			b.ReportMetric(float64(cells)/b.Elapsed().Seconds(), "cells/s")
			b.ReportMetric(float64(values*8)/1e6/b.Elapsed().Seconds(), "MB/s") // float32 and int32 in the file
		})
	}
}

// manyCells is cells × 2,000 genes, 300 of them with a count, most counts small.
func manyCells(cells int) (*counts.Frame, *counts.Table) {
	genes, t := &counts.Frame{}, &counts.Table{Indptr: []int64{0}}
	for g := range 2000 {
		genes.Names = append(genes.Names, fmt.Sprintf("gene_%04d", g))
	}
	for i := range cells {
		t.Obs.Names = append(t.Obs.Names, fmt.Sprintf("cell_%06d", i))
		for k := range 300 {
			t.Genes = append(t.Genes, uint32(k*6+(i*i+k)%6))
			t.Values = append(t.Values, float64(1+(i*7+k*k*k)%(1+k%9)))
		}
		t.Indptr = append(t.Indptr, int64(len(t.Genes)))
	}
	return genes, t
}

func writeCells(b *testing.B, path string, genes *counts.Frame, t *counts.Table, gzip int) {
	w, err := Create(path, genes, nil, WriteOptions{Gzip: gzip})
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(w.Write(t), w.Close()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkWrite writes 8,192 cells; BenchmarkReadWritten reads them.
func BenchmarkWrite(b *testing.B) {
	genes, t := manyCells(8192)
	for _, gzip := range []int{0, 4} {
		b.Run(fmt.Sprintf("gzip=%d", gzip), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "x.h5ad")
			for b.Loop() {
				writeCells(b, path, genes, t, gzip)
			}
			b.ReportMetric(float64(b.N)*8192/b.Elapsed().Seconds(), "cells/s")
			b.ReportMetric(float64(b.N)*float64(len(t.Values)*8)/1e6/b.Elapsed().Seconds(), "MB/s")
		})
	}
}

func BenchmarkReadWritten(b *testing.B) {
	genes, t := manyCells(8192)
	for _, gzip := range []int{0, 4} {
		b.Run(fmt.Sprintf("gzip=%d", gzip), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "x.h5ad")
			writeCells(b, path, genes, t, gzip)
			b.ResetTimer()
			for b.Loop() {
				if n := readAll(b, path); n != 8192 {
					b.Fatalf("%d cells", n)
				}
			}
			b.ReportMetric(float64(b.N)*8192/b.Elapsed().Seconds(), "cells/s")
			b.ReportMetric(float64(b.N)*float64(len(t.Values)*8)/1e6/b.Elapsed().Seconds(), "MB/s")
		})
	}
}

// readAll counts the cells of a file.
func readAll(b *testing.B, path string) (cells int) {
	r, err := Open(path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	for {
		t, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return cells
		}
		if err != nil {
			b.Fatal(err)
		}
		cells += t.Cells()
	}
}
