package tenx

import (
	"context"
	"io"
	"slices"

	"cellvi/io/counts"
	"cellvi/io/h5matrix"
	"cellvi/io/hdf5"
)

// batchCells is the most cells in a Table.
const batchCells = 1024

// Options say what to read, and what that may take.
type Options struct {
	Genome       string   // of a file of version 2 its matrix, of a later one its features; "": the only one, or all
	FeatureTypes []string // that are kept; none: Gene Expression; "all": all
	Memory       int64    // bytes that chunks may take; 0: h5matrix.DefaultMemory
	Threads      int      // that decompress; below 2 the caller's own does it
}

// Reader yields the cells of a file; see counts.Reader.
type Reader struct {
	source
	pool    *hdf5.Decoders
	matrix  *matrix
	columns counts.Frame
	first   int64 // the next cell
	table   counts.Table
}

var (
	_ counts.Reader    = (*Reader)(nil)
	_ counts.Noter     = (*Reader)(nil)
	_ counts.CellNamer = (*Reader)(nil)
)

// Open opens a file and checks everything that does not need a pass over the
// counts. A file that is missing or unreadable gives the operating system's
// error, one that cannot be read within the memory a counts.MemoryError, everything
// else an InputError.
func Open(path string, opt Options) (*Reader, error) {
	r := &Reader{pool: hdf5.NewDecoders(opt.Threads)}
	if err := r.open(path, opt); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Reader) open(path string, opt Options) (err error) {
	if err = r.source.open(path); err != nil {
		return err
	}
	r.matrix, err = r.openMatrix(opt, h5matrix.Options{Memory: opt.Memory, Pool: r.pool})
	if err == nil {
		r.columns = r.matrix.columns()
	}
	return err
}

// Genes are the features that are kept, named by symbol.
func (r *Reader) Genes() *counts.Frame { return &r.matrix.genes }

// Obs has the cell annotations' columns without rows.
func (r *Reader) Obs() *counts.Frame { return &r.columns }

// Cells is the number of barcodes in the file.
func (r *Reader) Cells() int64 { return r.matrix.cells }

// Notes say which features are left out.
func (r *Reader) Notes() []string { return slices.Clone(r.matrix.notes) }

// CellNames are all barcodes.
func (r *Reader) CellNames(context.Context) ([]string, error) {
	return r.matrix.barcodes.Labels(0, r.matrix.cells)
}

// Next gives the next cells.
func (r *Reader) Next(ctx context.Context) (*counts.Table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	left := r.matrix.cells - r.first
	if left <= 0 {
		return nil, io.EOF
	}
	n, err := r.matrix.fill(ctx, r.first, min(left, batchCells), &r.table)
	if err != nil {
		return nil, err
	}
	r.first += n
	return &r.table, nil
}

// Close closes the file.
func (r *Reader) Close() error {
	if r.matrix != nil {
		r.matrix.close()
	}
	r.pool.Close()
	return r.close()
}
