package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

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
	// Widen lets the type grow, among the whole ones, where a count does not fit;
	// else such a count is ErrTooWide.
	Widen bool
}

// Writer writes a store, cells in the order of Write. It is used by one
// goroutine. The bytes depend on the cells alone, not on how they are cut into
// tables.
type Writer struct {
	dir     string
	genes   *counts.Frame
	obs     counts.Frame // header
	opt     Options      // Count is the type now
	batch   *batch       // being filled
	begun   bool         // a batch was handed over
	ended   bool         // finish was called, and start not since
	rounded int64        // of the batches handed over
	err     error        // of the first failed Write

	full chan *batch  // to be written by the goroutine of flushAll
	free chan flushed // back from there

	// Those of flushAll, until free gives the last batch back.
	sink   *sink
	levels []arrow.Array
	totals totals
}

// flushed is a batch that may be filled again, and how its writing went.
type flushed struct {
	batch *batch
	err   error
}

// Create begins a store in dir, which exists; files of an earlier store there
// are overwritten. genes has a row a gene, obs the columns of the cells, with
// levels, and any number of rows, which are not looked at.
// It syncs nothing: publishing the files is the caller's. Close must be called,
// whatever happens.
func Create(dir string, genes, obs *counts.Frame, opt Options) (*Writer, error) {
	w := &Writer{dir: dir, genes: genes, obs: obs.Header(), opt: opt}
	if err := w.start(opt.Count); err != nil {
		return nil, err
	}
	return w, nil
}

// start begins the files, with counts of type kind.
func (w *Writer) start(kind CountType) error {
	w.opt.Count = kind
	genes := w.genes.Len()
	annotations, renamed := fieldsOf(&w.obs, "obs_", cellID, genesList, countsList)
	m := metadata{Version: Version, Genes: genes, Renamed: renamed}
	fields := append([]arrow.Field{
		required(cellID, arrow.BinaryTypes.String),
		required(genesList, arrow.ListOfNonNullable(geneType(genes))),
		required(countsList, arrow.ListOfNonNullable(kind.arrow())),
	}, annotations...)
	s, err := createSink(filepath.Join(w.dir, CellsFile), arrow.NewSchema(fields, m.arrow()))
	if err != nil {
		return err
	}
	w.sink, w.levels, w.totals, w.begun, w.ended = s, levelArrays(&w.obs), newTotals(genes), false, false
	w.batch = newBatch(w.obs.Header(), genes, kind)
	w.full, w.free = make(chan *batch), make(chan flushed, 1)
	w.free <- flushed{batch: newBatch(w.obs.Header(), genes, kind)}
	go w.flushAll(w.sink, w.full, w.free)
	return nil
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
		n, err := w.fill(t, lo)
		lo += n
		if errors.Is(err, ErrTooWide) && w.opt.Widen {
			_, values := t.Row(lo)
			next, _ := w.opt.Count.Wider() // there is one: Uint32 gives no ErrTooWide
			err = w.widen(max(next, min(TypeFor(slices.Max(values), false), Uint32)))
		} else if err == nil && w.batch.cells() == BatchCells {
			err = w.hand()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fill adds cells from lo on until the batch is full, and says how many: where
// one cannot be added, those before it.
func (w *Writer) fill(t *counts.Table, lo int) (n int, err error) {
	hi := min(t.Cells(), lo+BatchCells-w.batch.cells())
	for i := lo; i < hi && err == nil; i++ {
		if err = w.addCell(t, i); err == nil {
			n++
		}
	}
	rows := t.Obs.Slice(lo, lo+n)
	w.batch.obs.Append(&rows)
	return n, err
}

// fits checks that t is a table of this store; its genes and values are checked
// as they are added.
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
	return t.ValidateShape()
}

func (w *Writer) addCell(t *counts.Table, i int) error {
	genes, values := t.Row(i)
	bad, err := w.batch.add(genes, values)
	if err != nil {
		w.batch.trim()
		if broken := t.Validate(w.genes.Len()); broken != nil {
			return broken
		}
		if input := (*counts.InputError)(nil); errors.As(err, &input) {
			input.Place = fmt.Sprintf("cell %s, gene %s", t.Obs.Names[i], w.genes.Names[genes[bad]])
		}
		return err
	}
	return nil
}

// hand gives the batch to flushAll and takes the one before back, with its error.
func (w *Writer) hand() error {
	w.rounded += w.batch.rounded
	w.batch.rounded, w.begun = 0, true
	w.full <- w.batch
	before := <-w.free
	w.batch = before.batch
	return before.err
}

// flushAll writes batches while the next is being filled, until full is closed.
func (w *Writer) flushAll(s *sink, full <-chan *batch, free chan<- flushed) {
	var err error
	for b := range full {
		if err == nil {
			w.totals.add(b)
			err = s.batch(b.arrays(s.schema, w.levels), b.cells())
		}
		b.reset()
		free <- flushed{b, err}
	}
}

// Count is the type of the counts so far.
func (w *Writer) Count() CountType { return w.opt.Count }

// LeaveOut says how many cells of the inputs were left out; see Store.LeftOut. It is
// called before Close.
func (w *Writer) LeaveOut(cells int64) { w.totals.leftOut = cells }

// Rounded is the number of values so far that Float32 does not hold exactly;
// those that became zero are left out of the store.
func (w *Writer) Rounded() int64 { return w.rounded + w.batch.rounded }

// Close writes the last cells and genes.arrow, and closes both files. After a
// failed Write it only closes, and returns that error again.
func (w *Writer) Close() error { return w.finish(w.err) }

// finish is Close; err is what failed before.
func (w *Writer) finish(err error) error {
	if w.ended { // a failed widen
		return err
	}
	w.ended = true
	if err == nil && (w.batch.cells() > 0 || !w.begun) {
		err = w.hand() // a store without cells has one empty batch: it holds the levels
	}
	close(w.full)
	if last := <-w.free; err == nil {
		err = last.err
	}
	if closed := w.sink.close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return writeGenes(filepath.Join(w.dir, GenesFile), w.genes, &w.totals)
}
