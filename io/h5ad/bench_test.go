//go:build cgo

package h5ad

import (
	"context"
	"errors"
	"io"
	"testing"
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
