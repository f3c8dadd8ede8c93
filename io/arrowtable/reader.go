package arrowtable

import (
	"context"
	"errors"
	"fmt"
	"io"

	"cellvi/io/counts"
)

// Options say how a table is read.
type Options struct {
	Layout     string        // Wide, Long or List; "" to recognize it
	CellColumn string        // that names the cells; "" to recognize it
	ObsColumns []string      // of a wide table: columns of numbers that annotate cells instead of being genes
	Genes      *counts.Frame // the genes, in order: what a table of gene numbers needs; nil where not given. Their names may not repeat where text says which is meant
	Memory     int64         // bytes that reading may take; 0 is DefaultMemory
	Threads    int           // nothing is decoded in parallel yet
}

// DefaultMemory is what Options.Memory 0 means.
const DefaultMemory = 256 << 20

// batchCells is the most cells of a Table.
const batchCells = 1024

// Validate names every option that cannot be.
func (o Options) Validate() error {
	var errs []error
	if o.Layout != "" && o.Layout != Wide && o.Layout != Long && o.Layout != List {
		errs = append(errs, fmt.Errorf("arrowtable: the layout is %q, wide, long or list expected", o.Layout))
	}
	if o.Memory < 0 || o.Threads < 0 {
		errs = append(errs, fmt.Errorf("arrowtable: Memory and Threads must not be negative, got %d and %d", o.Memory, o.Threads))
	}
	return errors.Join(errs...)
}

// Reader yields the cells of a table; see counts.Reader.
type Reader struct {
	path      string
	opt       Options
	table     *table
	plan      *plan
	genes     *counts.Frame
	obs       counts.Frame // header
	cells     int64
	notes     []string
	nulls     int64 // counts that are null, of what was read,
	nullLists int64 // and lists of them
	first     int64 // the next cell
	result    counts.Table
	filler    filler
}

// filler reads the cells of one layout.
type filler interface {
	// fill puts the next cells into t, at least one, as many as batchCells; there are
	// some.
	fill(ctx context.Context, t *counts.Table) error
	close()
}

var (
	_ counts.Reader    = (*Reader)(nil)
	_ counts.Noter     = (*Reader)(nil)
	_ counts.CellNamer = (*Reader)(nil)
)

// Open opens a file, or a folder of files with the same columns, and finds out what
// its columns are. Of a long table it reads all names. A file that is missing or
// unreadable gives the operating system's error, everything else a
// *counts.InputError or *counts.MemoryError.
func Open(path string, opt Options) (*Reader, error) {
	if err := opt.Validate(); err != nil {
		return nil, err
	}
	if opt.Memory == 0 {
		opt.Memory = DefaultMemory
	}
	r := &Reader{path: path, opt: opt}
	if err := guard(r.at, func() error { return r.open(context.Background()) }); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// at is the file being read.
func (r *Reader) at() string {
	if r.table != nil {
		return r.table.current
	}
	return r.path
}

func (r *Reader) open(ctx context.Context) error {
	files, notes, err := openShards(r.path, r.opt.Memory)
	if err != nil {
		return err
	}
	r.notes = notes
	r.table = &table{files: files, current: r.path} // for Close
	if r.table, err = newTable(r.path, files); err != nil {
		r.table = &table{files: files, current: r.path}
		return err
	}
	if err := r.readStoreGenes(); err != nil {
		return err
	}
	if r.plan, err = r.table.plan(r.opt); err != nil {
		return err
	}
	open := map[string]func(context.Context) error{Wide: r.openWide, Long: r.openLong, List: r.openList}
	if err := open[r.plan.layout](ctx); err != nil {
		return err
	}
	if err := r.checkGenes(); err != nil {
		return err
	}
	r.describe()
	return nil
}

// checkGenes holds that genes can be numbered in 32 bits.
func (r *Reader) checkGenes() error {
	if n := int64(r.genes.Len()); n == 0 || n > mostRows {
		return r.table.fault("", fmt.Sprintf("%d genes", n), "there must be one at least")
	}
	return nil
}

// describe notes how the table was taken.
func (r *Reader) describe() {
	names := "row numbers as the cells' names"
	if r.plan.cell >= 0 {
		names = "cells named by column " + counts.Printable(r.table.columns[r.plan.cell].name)
	}
	taken := map[string]string{Wide: "a wide table", Long: "a long table", List: "a table of lists"}[r.plan.layout]
	r.notes = append(r.notes, fmt.Sprintf("%s: taken as %s: %s annotations, %s genes, %s", r.path, taken,
		counts.Thousands(int64(len(r.obs.Columns))), counts.Thousands(int64(r.genes.Len())), names))
	r.notes = append(r.notes, r.plan.notes...)
}

// Genes are the columns of the table.
func (r *Reader) Genes() *counts.Frame { return r.genes }

// Obs has the cell annotations' columns without rows.
func (r *Reader) Obs() *counts.Frame { return &r.obs }

// Cells is the number of cells.
func (r *Reader) Cells() int64 { return r.cells }

// Notes tell how the table was taken, what of it is left out, and, as far as cells
// were read, how many counts were null.
func (r *Reader) Notes() []string {
	notes := append([]string{}, r.notes...)
	if r.nulls > 0 {
		notes = append(notes, fmt.Sprintf("%s: %s counts are null and taken for zero", r.path, counts.Thousands(r.nulls)))
	}
	if r.nullLists > 0 {
		notes = append(notes, fmt.Sprintf("%s: %s cells have null for a list of counts, and so no counts", r.path, counts.Thousands(r.nullLists)))
	}
	return notes
}

// CellNames are the names of all cells.
func (r *Reader) CellNames(ctx context.Context) (names []string, err error) {
	if long, ok := r.filler.(*longFiller); ok {
		return append([]string{}, long.cells.names...), nil
	}
	err = guard(r.at, func() error {
		names, err = r.table.readNames(ctx, r.plan.cell)
		return err
	})
	return names, err
}

// Next gives the next cells.
func (r *Reader) Next(ctx context.Context) (*counts.Table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.first >= r.cells {
		return nil, io.EOF
	}
	if err := guard(r.at, func() error { return r.filler.fill(ctx, &r.result) }); err != nil {
		return nil, err
	}
	r.first += int64(r.result.Cells())
	return &r.result, nil
}

// Close closes the files.
func (r *Reader) Close() error {
	if r.filler != nil {
		r.filler.close()
	}
	if r.table == nil {
		return nil
	}
	return closeAll(r.table.files)
}
