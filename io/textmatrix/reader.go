package textmatrix

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"cellvi/io/counts"
)

// Reader yields the cells of a table; see counts.Reader.
type Reader struct {
	path   string
	opt    Options
	survey *survey
	genes  counts.Frame
	cells  int64

	rows   *rows          // that are cells; nil before the first Next
	sorted *counts.ByCell // where rows are genes
	first  int64          // the next cell
	table  counts.Table
}

var (
	_ counts.Reader    = (*Reader)(nil)
	_ counts.Noter     = (*Reader)(nil)
	_ counts.CellNamer = (*Reader)(nil)
)

// Open reads the file once and checks its shape; values are checked as they are
// read. A file that is missing or unreadable gives the operating system's error,
// what is wrong with the data an InputError.
func Open(path string, opt Options) (*Reader, error) {
	s, err := look(path, opt)
	if err != nil {
		return nil, err
	}
	if s.rows > math.MaxUint32 {
		return nil, &counts.InputError{File: path, Found: fmt.Sprintf("has %s rows; at most 4,294,967,295 are read", counts.Thousands(s.rows))}
	}
	r := &Reader{path: path, opt: opt, survey: s, cells: s.rows, genes: counts.Frame{Names: s.head.columns}}
	if opt.Transpose {
		r.cells, r.genes.Names = int64(len(s.head.columns)), s.names
		r.sorted = counts.NewByCell(r.entries, r.cells, s.rows, s.sorting(opt))
	}
	return r, nil
}

// Genes are the names of the columns, or of the rows where the table is transposed.
func (r *Reader) Genes() *counts.Frame { return &r.genes }

// Obs has no columns.
func (r *Reader) Obs() *counts.Frame { return &counts.Frame{} }

// Cells is the number of rows, or of columns where the table is transposed.
func (r *Reader) Cells() int64 { return r.cells }

// Notes say which way round the table was read, and what was left out.
func (r *Reader) Notes() []string {
	h := r.survey.head
	note := "rows are taken as cells and columns as genes (--transpose for the other way), the first column as the names of cells"
	if r.opt.Transpose {
		note = "rows are taken as genes and columns as cells (--transpose), the first column as the names of genes"
	}
	switch {
	case h.corner == nil:
		note += ", which line " + counts.Thousands(h.line) + " has no field for"
	case *h.corner != "":
		note += ": " + counts.Printable(*h.corner)
	}
	notes := []string{note}
	if h.comments > 0 {
		notes = append(notes, "lines at the top that begin with # left out: "+counts.Thousands(h.comments))
	}
	return notes
}

// Next gives the next cells. Of a transposed table the first call reads the file.
func (r *Reader) Next(ctx context.Context) (*counts.Table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	left := r.cells - r.first
	if left <= 0 {
		return nil, io.EOF
	}
	n := min(left, tableCells)
	var err error
	if r.opt.Transpose {
		n, err = r.sorted.Fill(ctx, r.first, n, &r.table)
		r.table.Obs.Names = append(r.table.Obs.Names[:0], r.survey.head.columns[r.first:r.first+n]...)
	} else {
		n, err = r.nextRows(ctx, n)
	}
	if err != nil {
		return nil, err
	}
	r.first += n
	return &r.table, nil
}

// nextRows reads at most n rows, which are cells.
func (r *Reader) nextRows(ctx context.Context, n int64) (int64, error) {
	if r.rows == nil {
		var err error
		if r.rows, err = openRows(r.path, r.survey.head, r.opt); err != nil {
			return 0, err
		}
	}
	if err := r.rows.fill(ctx, n, &r.table); err != nil {
		return 0, err
	}
	return int64(r.table.Cells()), nil
}

// CellNames gives the names of all cells; see counts.CellNamer.
func (r *Reader) CellNames(ctx context.Context) ([]string, error) {
	if r.opt.Transpose {
		return slices.Clone(r.survey.head.columns), nil
	}
	lines, err := openRows(r.path, r.survey.head, r.opt)
	if err != nil {
		return nil, err
	}
	defer lines.file.Close() // only read from
	names := make([]string, 0, r.cells)
	for range r.cells {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		line, err := lines.next()
		if err != nil {
			return nil, changed(lines.file, err)
		}
		name, _ := lines.split(line)
		names = append(names, string(name))
	}
	return names, nil
}

// Close closes the file.
func (r *Reader) Close() error {
	if r.sorted != nil {
		r.sorted.Close()
	}
	if r.rows != nil {
		return r.rows.file.Close()
	}
	return nil
}
