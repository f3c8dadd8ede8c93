package h5ad

import (
	"context"
	"fmt"
	"io"
	"slices"

	"cellvi/io/counts"
	"cellvi/io/h5matrix"
	"cellvi/io/hdf5"
)

// Options says what to read and in which pieces.
type Options struct {
	Matrix     string // "X", "layers/NAME" (or NAME alone) or "raw/X"; "" is X
	BatchCells int    // most cells in a Table; 0 is DefaultBatchCells
	Memory     int64  // bytes that chunks, of matrix and annotations, and sorting a CSC matrix may take; 0 is DefaultMemory
	Threads    int    // that decompress; below 2 the caller's own does it

	pool  *hdf5.Decoders // of Threads, the reader's
	taken int64          // of Memory, by the chunks of obs
}

// What the zero Options mean.
const (
	DefaultBatchCells = 1024
	DefaultMemory     = 256 << 20
)

// Default is X in tables of 1,024 cells.
func Default() Options {
	return Options{Matrix: "X", BatchCells: DefaultBatchCells, Memory: DefaultMemory}
}

// Validate names every option that cannot be.
func (o Options) Validate() error {
	if o.BatchCells < 0 || o.BatchCells > 1<<16 || o.Memory < 0 || o.Threads < 0 || o.Threads > 4096 {
		return fmt.Errorf("h5ad: BatchCells must be 0 to 65536, Memory not negative and Threads 0 to 4096, got %d, %d and %d", o.BatchCells, o.Memory, o.Threads)
	}
	return nil
}

func (o Options) filled() Options {
	d := Default()
	if o.Matrix != "" {
		d.Matrix = o.Matrix
	}
	if o.BatchCells != 0 {
		d.BatchCells = o.BatchCells
	}
	if o.Memory != 0 {
		d.Memory = o.Memory
	}
	d.Threads, d.pool, d.taken = o.Threads, o.pool, o.taken
	return d
}

// Reader yields the cells of one matrix of a file; see counts.Reader.
type Reader struct {
	source
	opt     Options
	genes   counts.Frame
	obs     *frame
	columns counts.Frame // of obs, without rows
	notes   []string
	matrix  h5matrix.Matrix
	first   int64 // the next cell
	table   counts.Table
}

var (
	_ counts.Reader = (*Reader)(nil)
	_ counts.Noter  = (*Reader)(nil)
)

// Open opens a file and checks everything that does not need a pass over the
// counts. A file that is missing or unreadable gives the operating system's
// error, one that cannot be read within the memory a counts.MemoryError, everything
// else an InputError.
func Open(path string, opt Options) (*Reader, error) {
	if err := opt.Validate(); err != nil {
		return nil, err
	}
	r := &Reader{opt: opt.filled()}
	r.opt.pool = hdf5.NewDecoders(opt.Threads)
	if err := r.open(path); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Reader) open(path string) (err error) {
	if err = r.source.open(path); err != nil {
		return err
	}
	if r.obs, err = openFrame(r.root, "obs", h5matrix.Options{Memory: r.opt.Memory}); err != nil {
		return err
	}
	r.opt.taken = r.obs.taken
	if err = r.readGenes(); err != nil {
		return err
	}
	r.columns = r.obs.empty()
	genes := int64(r.genes.Len())
	if r.matrix, err = r.openMatrix(r.opt, r.obs.rows, genes); err != nil {
		return err
	}
	return checkShape(r.matrix.About(), r.obs.rows, genes)
}

// readGenes reads var, or raw/var beside raw/X, whole. That there is no raw is
// said of the matrix asked for, not of its genes.
func (r *Reader) readGenes() error {
	if r.opt.Matrix == "raw/X" {
		there, err := r.holds(r.opt.Matrix)
		if err != nil {
			return err
		}
		if !there {
			return r.missing(r.opt.Matrix)
		}
	}
	name := varOf(r.opt.Matrix)
	vars, err := openFrame(r.root, r.member(name), h5matrix.Options{Memory: r.opt.Memory})
	if err != nil {
		return err
	}
	defer vars.close()
	r.notes = append(r.obs.say("obs"), vars.say(name)...)
	return vars.read(0, vars.rows, &r.genes)
}

// varOf is the frame that names the genes of a matrix.
func varOf(matrix string) string {
	if matrix == "raw/X" {
		return "raw/var"
	}
	return "var"
}

// Genes are the columns of the matrix.
func (r *Reader) Genes() *counts.Frame { return &r.genes }

// Obs has the cell annotations' columns without rows.
func (r *Reader) Obs() *counts.Frame { return &r.columns }

// Notes say which annotations are left out, and why.
func (r *Reader) Notes() []string { return slices.Clone(r.notes) }

// Cells is the number of cells in the file.
func (r *Reader) Cells() int64 { return r.obs.rows }

// Next gives the next cells, as many as BatchCells where their counts allow.
func (r *Reader) Next(ctx context.Context) (*counts.Table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	left := r.obs.rows - r.first
	if left <= 0 {
		return nil, io.EOF
	}
	n, err := r.matrix.Fill(ctx, r.first, min(left, int64(r.opt.BatchCells)), &r.table)
	if err != nil {
		return nil, err
	}
	if err := r.obs.read(r.first, n, &r.table.Obs); err != nil {
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
	if r.obs != nil {
		r.obs.close()
	}
	r.opt.pool.Close()
	return r.source.close()
}
