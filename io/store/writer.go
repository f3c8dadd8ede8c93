package store

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow"

	"cellvi/io/counts"
)

// BatchCells is the number of cells of every record batch but the last.
const BatchCells = 1024

// The files of a store, in its folder.
const (
	CellsFile = "cells.arrow"
	GenesFile = "genes.arrow"
)

// Options of a new store.
type Options struct {
	Count CountType // of the stored counts
}

// Writer writes a store, cells in the order of Write. It is used by one
// goroutine. The bytes depend on the cells alone, not on how they are cut into
// tables.
type Writer struct {
	dir    string
	genes  *counts.Frame
	sink   *sink
	levels []arrow.Array
	batch  batch
	totals totals
	err    error // of the first failed Write
}

// Create begins a store in dir, which exists; files of an earlier store there
// are overwritten. genes has a row a gene, obs the columns of the cells, with
// levels, and any number of rows, which are not looked at.
// It syncs nothing: publishing the files is the caller's.
func Create(dir string, genes, obs *counts.Frame, opt Options) (*Writer, error) {
	header := obs.Header()
	annotations, renamed := fieldsOf(&header, "obs_", cellID, genesList, countsList)
	m := metadata{Version: Version, Genes: genes.Len(), Renamed: renamed}
	fields := append([]arrow.Field{
		required(cellID, arrow.BinaryTypes.String),
		required(genesList, arrow.ListOfNonNullable(geneType(genes.Len()))),
		required(countsList, arrow.ListOfNonNullable(opt.Count.arrow())),
	}, annotations...)
	s, err := createSink(filepath.Join(dir, CellsFile), arrow.NewSchema(fields, m.arrow()))
	if err != nil {
		return nil, err
	}
	return &Writer{
		dir: dir, genes: genes, sink: s, levels: levelArrays(&header),
		batch:  newBatch(header, genes.Len(), opt.Count),
		totals: newTotals(genes.Len()),
	}, nil
}

// geneType is the type of gene indices: two bytes do up to 65,535 genes.
func geneType(genes int) arrow.DataType {
	if genes < 1<<16 {
		return arrow.PrimitiveTypes.Uint16
	}
	return arrow.PrimitiveTypes.Uint32
}

// Write adds the cells of t. It returns ErrTooWide for a count above the store's
// type, a *counts.InputError for a value that is no count, else errors of the
// disk or of the program. After an error only Close may follow.
func (w *Writer) Write(t *counts.Table) error {
	if w.err == nil {
		w.err = w.write(t)
	}
	return w.err
}

func (w *Writer) write(t *counts.Table) error {
	if err := w.fits(t); err != nil {
		return err
	}
	for lo := 0; lo < t.Cells(); {
		hi := min(t.Cells(), lo+BatchCells-w.batch.cells())
		rows := t.Obs.Slice(lo, hi)
		w.batch.obs.Append(&rows)
		for i := lo; i < hi; i++ {
			if err := w.addCell(t, i); err != nil {
				return err
			}
		}
		if w.batch.cells() == BatchCells {
			if err := w.flush(); err != nil {
				return err
			}
		}
		lo = hi
	}
	return nil
}

// fits checks that t is a table of this store: its indices are used unseen.
func (w *Writer) fits(t *counts.Table) error {
	if len(t.Obs.Columns) != len(w.batch.obs.Columns) {
		return fmt.Errorf("store: a table with %d annotations for a store with %d", len(t.Obs.Columns), len(w.batch.obs.Columns))
	}
	for i := range t.Obs.Columns {
		got, want := &t.Obs.Columns[i], &w.batch.obs.Columns[i]
		if got.Name != want.Name || got.Kind != want.Kind || len(got.Levels) != len(want.Levels) {
			return fmt.Errorf("store: annotation %d is %s (%s), it was declared %s (%s)", i, got.Name, got.Kind, want.Name, want.Kind)
		}
	}
	return t.Validate(w.genes.Len())
}

func (w *Writer) addCell(t *counts.Table, i int) error {
	genes, values := t.Row(i)
	from := w.batch.values.len()
	bad, err := w.batch.add(genes, values)
	if err != nil {
		if input := (*counts.InputError)(nil); errors.As(err, &input) {
			input.Place = fmt.Sprintf("cell %s, gene %s", t.Obs.Names[i], w.genes.Names[genes[bad]])
		}
		return err
	}
	w.totals.add(&w.batch, from)
	return nil
}

// flush writes the batch and empties it.
func (w *Writer) flush() error {
	columns := w.batch.arrays(w.sink.schema, w.levels)
	err := w.sink.batch(columns, w.batch.cells())
	w.batch.reset()
	w.totals.batches++
	return err
}

// Rounded is the number of values so far that Float32 does not hold exactly;
// those that became zero are left out of the store.
func (w *Writer) Rounded() int64 { return w.batch.rounded }

// Close writes the last cells and genes.arrow, and closes both files. After a
// failed Write it only closes, and returns that error again.
func (w *Writer) Close() error {
	err := w.err
	if err == nil && (w.batch.cells() > 0 || w.totals.batches == 0) {
		err = w.flush() // a store without cells has one empty batch: it holds the levels
	}
	if closed := w.sink.close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return writeGenes(filepath.Join(w.dir, GenesFile), w.genes, &w.totals)
}
