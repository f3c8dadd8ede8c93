package loom

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
	Layer   string // "" (or X, or matrix): the main matrix; else NAME or layers/NAME
	Memory  int64  // bytes for chunks, and to sort counts in; 0: h5matrix.DefaultMemory
	Threads int    // that decompress; below 2 the caller's own does it
}

// Reader yields the cells of a file; see counts.Reader.
type Reader struct {
	source
	pool     *hdf5.Decoders
	matrix   h5matrix.Matrix
	varFrame counts.Frame
	columns  counts.Frame // of cells, without rows
	first    int64        // the next cell
	table    counts.Table
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
	r.how = h5matrix.Options{Memory: opt.Memory, Pool: r.pool}
	if err := r.open(path, opt.Layer); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Reader) open(path, layer string) (err error) {
	if err = r.source.open(path); err != nil {
		return err
	}
	if r.matrix, err = r.openMatrix(layer); err != nil {
		return err
	}
	r.columns = r.source.cells.header()
	defer r.source.genes.close() // and gives back their chunks
	return r.source.genes.read(0, r.source.genes.rows, &r.varFrame)
}

// Genes are the rows of the matrix.
func (r *Reader) Genes() *counts.Frame { return &r.varFrame }

// Obs has the cell annotations' columns without rows.
func (r *Reader) Obs() *counts.Frame { return &r.columns }

// Cells is the number of columns of the matrix.
func (r *Reader) Cells() int64 { return r.source.cells.rows }

// Notes say which attributes are left out, and what names cells and genes.
func (r *Reader) Notes() []string { return slices.Clone(r.notes) }

// CellNames are the names of all cells.
func (r *Reader) CellNames(context.Context) ([]string, error) {
	return r.source.cells.labels(0, r.source.cells.rows)
}

// Next gives the next cells.
func (r *Reader) Next(ctx context.Context) (*counts.Table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	left := r.Cells() - r.first
	if left <= 0 {
		return nil, io.EOF
	}
	n, err := r.matrix.Fill(ctx, r.first, min(left, batchCells), &r.table)
	if err != nil {
		return nil, err
	}
	if err := r.source.cells.read(r.first, n, &r.table.Obs); err != nil {
		return nil, err
	}
	r.first += n
	return &r.table, nil
}

// Close closes the file.
func (r *Reader) Close() error {
	if r.matrix != nil {
		r.matrix.Close()
	}
	r.pool.Close()
	return r.close()
}
