package mtx

import (
	"context"
	"io"

	"cellvi/io/counts"
)

// Reader yields the cells of a matrix; see counts.Reader.
type Reader struct {
	opt          Options
	files        *files
	genes        *features
	cells        int64
	header       *header
	genesAreRows bool
	gzip         bool // the matrix is compressed
	notes        []string

	sorted *counts.ByCell
	names  *cellNames // nil before the first Next
	first  int64      // the next cell
	table  counts.Table
}

var (
	_ counts.Reader = (*Reader)(nil)
	_ counts.Noter  = (*Reader)(nil)
)

// Open finds the files at path, a folder or the matrix itself, reads the genes,
// counts the cells and checks the sizes. Entries are checked by the first Next. A
// file that is missing or unreadable gives the operating system's error, what is
// wrong with the data an InputError.
func Open(path string, opt Options) (*Reader, error) {
	r := &Reader{opt: opt}
	var err error
	if r.files, err = find(path); err != nil {
		return nil, err
	}
	file, h, err := open(r.files.matrix, opt)
	if err != nil {
		return nil, err
	}
	r.header, r.gzip = h, file.Gzip
	if err := file.Close(); err != nil {
		return nil, err
	}
	if r.genes, err = readFeatures(r.files.genes, opt); err != nil {
		return nil, err
	}
	if r.cells, err = countCells(r.files.cells, opt); err != nil {
		return nil, err
	}
	if r.genesAreRows, err = h.genesAreRows(r.files, r.cells, int64(r.genes.all.Len())); err != nil {
		return nil, err
	}
	r.notes = r.genes.notes
	if !r.genesAreRows {
		r.notes = append(r.notes, "rows of "+r.files.matrix+" are cells, its columns genes, as the numbers of names say")
	}
	r.sorted = counts.NewByCell(r.entries, r.cells, int64(r.genes.taken.Len()), opt.sorting(&r.genes.all))
	return r, nil
}

// Genes are the genes taken: symbols, with gene_ids and feature_types where the file
// has them.
func (r *Reader) Genes() *counts.Frame { return r.genes.taken }

// Obs has no columns.
func (r *Reader) Obs() *counts.Frame { return &counts.Frame{} }

// Cells is the number of cells.
func (r *Reader) Cells() int64 { return r.cells }

// Notes say what was left out and how the matrix was read.
func (r *Reader) Notes() []string { return r.notes }

// Next gives the next cells. The first call reads the matrix once.
func (r *Reader) Next(ctx context.Context) (*counts.Table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.names == nil {
		// The first pass checks every entry, of a table without cells too.
		if _, err := r.sorted.Entries(ctx); err != nil {
			return nil, err
		}
		var err error
		if r.names, err = openCells(r.files.cells, r.opt); err != nil {
			return nil, err
		}
	}
	left := r.cells - r.first
	if left <= 0 {
		return nil, io.EOF
	}
	n, err := r.sorted.Fill(ctx, r.first, min(left, tableCells), &r.table)
	if err != nil {
		return nil, err
	}
	if r.table.Obs.Names, err = r.names.read(n, r.table.Obs.Names); err != nil {
		return nil, err
	}
	r.first += n
	return &r.table, nil
}

// Close closes the files.
func (r *Reader) Close() error {
	r.sorted.Close()
	if r.names != nil {
		return r.names.Close()
	}
	return nil
}
