package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

// manyCells is cells × 2,000 genes, 300 of them with a count, most counts small.
func manyCells(cells int) *countstest.FullTable {
	full := &countstest.FullTable{Genes: &counts.Frame{}, Table: &counts.Table{Indptr: []int64{0}}}
	for g := range 2000 {
		full.Genes.Names = append(full.Genes.Names, fmt.Sprintf("gene_%04d", g))
	}
	t := full.Table
	for i := range cells {
		t.Obs.Names = append(t.Obs.Names, fmt.Sprintf("cell_%06d", i))
		for k := range 300 {
			t.Genes = append(t.Genes, uint32(k*6+(i+k)%6))
			t.Values = append(t.Values, float64(1+(i*7+k*k)%9))
		}
		t.Indptr = append(t.Indptr, int64(len(t.Genes)))
	}
	return full
}

// BenchmarkSendReceive is what counts cost on their way between two processes,
// the pipe being one of Go's.
func BenchmarkSendReceive(b *testing.B) {
	full := manyCells(8192)
	b.ReportAllocs()
	cells := 0
	for b.Loop() {
		from, to := io.Pipe()
		go func() {
			to.CloseWithError(Send(context.Background(), to, countstest.Memory(full, 1024), About{}))
		}()
		r, err := Receive(from)
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
			cells += t.Cells()
		}
		r.Close()
	}
	b.ReportMetric(float64(cells)/b.Elapsed().Seconds(), "cells/s")
}
