//go:build cgo

package hvg_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/h5ad"
)

// cells is a whole count matrix in memory.
type cells struct {
	names  []string // genes
	indptr []int64
	genes  []uint32
	counts []float32
	batch  []int32
	levels []string
}

// pieces calls add with size cells at a time.
func (c *cells) pieces(size int, batch []int32, add func([]int64, []uint32, []float32, []int32)) {
	n := len(c.indptr) - 1
	for lo := 0; lo < n; lo += size {
		hi := min(lo+size, n)
		from, to := c.indptr[lo], c.indptr[hi]
		indptr := make([]int64, hi-lo+1)
		for i := range indptr {
			indptr[i] = c.indptr[lo+i] - from
		}
		var b []int32
		if batch != nil {
			b = batch[lo:hi]
		}
		add(indptr, c.genes[from:to], c.counts[from:to], b)
	}
}

// readCells reads the cells that demultiplexing holds for single ones.
func readCells(t testing.TB, path string) *cells {
	t.Helper()
	r, err := h5ad.Open(path, h5ad.Default())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c := &cells{names: r.Genes().Names, levels: r.Obs().Column("batch").Levels, indptr: []int64{0}}
	for {
		table, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return c
		}
		if err != nil {
			t.Fatal(err)
		}
		c.appendSinglets(table)
	}
}

func (c *cells) appendSinglets(table *counts.Table) {
	class, batch := table.Obs.Column("demuxlet_cls"), table.Obs.Column("batch")
	for i := range table.Cells() {
		if class.Levels[class.Codes[i]] != "SNG" {
			continue
		}
		genes, values := table.Row(i)
		c.genes = append(c.genes, genes...)
		for _, v := range values {
			c.counts = append(c.counts, float32(v))
		}
		c.indptr = append(c.indptr, int64(len(c.genes)))
		c.batch = append(c.batch, batch.Codes[i])
	}
}
