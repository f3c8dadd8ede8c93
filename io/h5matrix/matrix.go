package h5matrix

import (
	"context"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// maxEntries bounds the stored values in one Table, unless one cell has more.
const maxEntries = 1 << 19

// Options say what reading may take.
type Options struct {
	Memory int64          // bytes for chunks, and to sort counts in that are not stored cell by cell; 0: DefaultMemory
	Taken  int64          // of Memory, by the chunks of annotations: see FitColumns
	Pool   *hdf5.Decoders // that decompress
}

// Matrix is counts open for reading, in whichever storage.
type Matrix interface {
	// Fill puts at most n cells from first on, at least one, into t's Indptr,
	// Genes and Values, and says how many. Cells are asked for in order.
	Fill(ctx context.Context, first, n int64, t *counts.Table) (int64, error)
	// About is what the file says of the matrix.
	About() About
	Close()
}

// About is what a matrix says of itself.
type About struct {
	At           hdf5.Placed
	Storage      string // "csr", "csc" or "dense"
	Cells, Genes int64
	Stored       int64         // values in the file, zeros of a dense one included
	Values       *hdf5.Dataset // the counts
}
