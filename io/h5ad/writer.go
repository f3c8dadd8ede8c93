package h5ad

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// WriteOptions says how to write. The zero value is uncompressed.
type WriteOptions struct {
	Gzip int // level 1 to 9; 0 is none
}

// DefaultWrite is uncompressed, as anndata writes.
func DefaultWrite() WriteOptions { return WriteOptions{} }

// Validate names every option that cannot be.
func (o WriteOptions) Validate() error {
	if o.Gzip < 0 || o.Gzip > 9 {
		return fmt.Errorf("h5ad: gzip level must be 0 to 9, got %d", o.Gzip)
	}
	return nil
}

// writeChunk is how many values go out at a time, and the chunk of the file:
// 256 KiB of float32.
const writeChunk = 1 << 16

// Writer writes one AnnData file: X as CSR with float32 values, int32 gene
// indices and int64 indptr, obs and var, and arrays of obsm. Memory holds the
// annotations and indptr (8 bytes a cell); counts stream. The same input gives
// the same bytes. The file is neither synced nor renamed: the caller publishes.
type Writer struct {
	opt    WriteOptions
	file   *hdf5.File
	root   *hdf5.Group
	x      *hdf5.Group
	data   appender[float32]
	index  appender[int32]
	indptr []int64
	genes  int
	obs    counts.Frame // grows with each Write
	obsm   map[string]int
	failed error // of Write: nothing can be added any more
}

// Create makes a file, replacing what was there. genes is var, with rows; obs
// declares the columns of cells that every Table of Write will have, without
// rows; nil is none.
func Create(path string, genes, obs *counts.Frame, opt WriteOptions) (*Writer, error) {
	if err := opt.Validate(); err != nil {
		return nil, err
	}
	if obs == nil {
		obs = &counts.Frame{}
	}
	if err := errors.Join(checkColumnNames("obs", obs), checkColumnNames("var", genes)); err != nil {
		return nil, err
	}
	w := &Writer{opt: opt, indptr: []int64{0}, genes: genes.Len(), obsm: map[string]int{}}
	for _, c := range obs.Columns {
		w.obs.Columns = append(w.obs.Columns, counts.Column{Name: c.Name, Kind: c.Kind, Levels: slices.Clone(c.Levels), Ordered: c.Ordered})
	}
	var err error
	if w.file, err = hdf5.Create(path); err != nil {
		return nil, err
	}
	if err := w.begin(genes); err != nil {
		w.closeFile()
		return nil, err
	}
	return w, nil
}

// begin writes what is known at once: the root, var, empty groups, X's frame.
func (w *Writer) begin(genes *counts.Frame) (err error) {
	if w.root, err = w.file.Root(); err != nil {
		return err
	}
	if err := encode(w.root, "anndata", "0.1.0"); err != nil {
		return err
	}
	if w.x, err = newGroup(w.root, "X", "csr_matrix", "0.1.0"); err != nil {
		return err
	}
	w.data = appender[float32]{at: w.x, name: "data", gzip: w.opt.Gzip}
	w.index = appender[int32]{at: w.x, name: "indices", gzip: w.opt.Gzip}
	if err := writeFrame(w.root, "var", genes, w.opt.Gzip); err != nil {
		return err
	}
	for _, name := range []string{"layers", "obsm", "obsp", "uns", "varm", "varp"} {
		g, err := newGroup(w.root, name, "dict", "0.1.0")
		if err != nil {
			return err
		}
		g.Close()
	}
	return nil
}

// Write adds the cells of t. Whole values that float32 cannot hold exactly are
// refused; fractions are rounded.
func (w *Writer) Write(t *counts.Table) error {
	if w.failed == nil {
		w.failed = w.check(t)
	}
	if w.failed == nil {
		w.failed = w.add(t)
	}
	return w.failed
}

func (w *Writer) add(t *counts.Table) error {
	for i, v := range t.Values {
		value := float32(v)
		if v == math.Trunc(v) && float64(value) != v {
			return fmt.Errorf("%s: /X/data: value %v does not fit float32", w.file.Path(), v)
		}
		w.data.held = append(w.data.held, value)
		w.index.held = append(w.index.held, int32(t.Genes[i]))
	}
	base := w.indptr[len(w.indptr)-1]
	for _, end := range t.Indptr[1:] {
		w.indptr = append(w.indptr, base+end)
	}
	w.obs.Append(&t.Obs)
	if err := w.data.spill(); err != nil {
		return err
	}
	return w.index.spill()
}

// check holds a table against what Create was told.
func (w *Writer) check(t *counts.Table) error {
	n := t.Cells()
	if len(t.Indptr) != n+1 || int64(len(t.Genes)) != t.Indptr[n] || len(t.Values) != len(t.Genes) {
		return fmt.Errorf("%s: a table of %d cells has %d offsets, %d genes and %d values", w.file.Path(), n, len(t.Indptr), len(t.Genes), len(t.Values))
	}
	for _, g := range t.Genes {
		if int(g) >= w.genes {
			return fmt.Errorf("%s: gene %d of a table, but there are %d", w.file.Path(), g, w.genes)
		}
	}
	return sameColumns(w.file.Path(), &w.obs, &t.Obs)
}

// WriteObsm writes obsm/name, a (cells, cols) array, row-major; cells must be
// as many as all tables of Write have when the writer closes.
func (w *Writer) WriteObsm(name string, cols int, rowMajor []float32) error {
	if cols <= 0 || len(rowMajor)%cols != 0 {
		return fmt.Errorf("%s: obsm/%s: %d values are no rows of %d", w.file.Path(), name, len(rowMajor), cols)
	}
	if err := checkName("obsm", name); err != nil {
		return err
	}
	g, err := w.root.OpenGroup("obsm")
	if err != nil {
		return err
	}
	defer g.Close()
	rows := len(rowMajor) / cols
	w.obsm[name] = rows
	d, err := hdf5.WriteArray(g, name, []int64{int64(rows), int64(cols)}, rowMajor, layout(rows, w.opt.Gzip))
	return closeEncoded(d, err, "array")
}

// Close writes obs and what was held back, and closes the file. The file is
// whole only where Close gives no error; it repeats the error of Write.
func (w *Writer) Close() error {
	err := w.failed
	if err == nil {
		err = w.finish()
	}
	if closing := w.closeFile(); err == nil {
		err = closing
	}
	return err
}

func (w *Writer) finish() error {
	cells := w.obs.Len()
	for _, name := range slices.Sorted(maps.Keys(w.obsm)) {
		if rows := w.obsm[name]; rows != cells {
			return fmt.Errorf("%s: obsm/%s has %d rows, but there are %d cells", w.file.Path(), name, rows, cells)
		}
	}
	if err := w.data.close(); err != nil {
		return err
	}
	if err := w.index.close(); err != nil {
		return err
	}
	d, err := hdf5.WriteArray(w.x, "indptr", []int64{int64(cells) + 1}, w.indptr, layout(cells+1, w.opt.Gzip))
	if err != nil {
		return err
	}
	d.Close()
	if err := w.x.SetInts("shape", []int64{int64(cells), int64(w.genes)}); err != nil {
		return err
	}
	return writeFrame(w.root, "obs", &w.obs, w.opt.Gzip)
}

func (w *Writer) closeFile() error {
	w.data.release()
	w.index.release()
	if w.x != nil {
		w.x.Close()
	}
	if w.root != nil {
		w.root.Close()
	}
	return w.file.Close()
}
