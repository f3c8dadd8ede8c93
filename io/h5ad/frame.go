package h5ad

import (
	"fmt"
	"slices"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// Skipped is a column that is left out: Name, and Why.
type Skipped struct{ Name, Why string }

// frame is annotations (obs, var, raw/var), open for reading by ranges of rows.
type frame struct {
	at      *hdf5.Group
	rows    int64
	index   *column
	columns []*column
	skipped []Skipped
}

// openFrame opens a frame and its columns in the file's order, and checks that
// all have as many rows as the index.
func openFrame(root *hdf5.Group, name string) (*frame, error) {
	if err := checkFrame(root, name); err != nil {
		return nil, err
	}
	g, err := root.OpenGroup(name)
	if err != nil {
		return nil, err
	}
	f := &frame{at: g}
	if err := f.open(); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// checkFrame says what is there where it is not a group.
func checkFrame(root *hdf5.Group, name string) error {
	e := &counts.InputError{File: root.File().Path(), Place: "/" + name}
	kind, err := root.Kind(name)
	switch {
	case err != nil:
		return err
	case kind == hdf5.IsGroup:
		return nil
	case kind == hdf5.IsDataset:
		e.Found = "written by anndata older than 0.7 (one compound table), not read yet"
		e.Advice = "open it with a newer anndata and write it again: anndata.read_h5ad(FILE).write_h5ad(FILE)"
	default:
		e.Found, e.Advice = "is missing", looksLike(root)
	}
	return e
}

func (f *frame) open() error {
	name, err := f.indexName()
	if err != nil {
		return err
	}
	if f.index, err = f.openIndex(name); err != nil {
		return err
	}
	if err := f.index.values.Plausible(); err != nil {
		return err
	}
	f.rows = f.index.values.Len()
	names, err := f.columnNames(name)
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := f.openColumn(n); err != nil {
			return err
		}
	}
	return nil
}

// indexName is the member that names the rows: the attribute _index, or the
// members that go by custom.
func (f *frame) indexName() (string, error) {
	if has, err := f.at.HasAttr("_index"); err != nil {
		return "", err
	} else if has {
		return f.at.AttrText("_index")
	}
	for _, name := range []string{"_index", "index"} {
		if kind, err := f.at.Kind(name); err != nil {
			return "", err
		} else if kind != hdf5.Absent {
			return name, nil
		}
	}
	return "", hdf5.Fault(f.at, "has no index: no attribute _index and no member of that name", "is it an AnnData file?")
}

func (f *frame) openIndex(name string) (*column, error) {
	c, why, err := openColumn(f.at, name)
	if err != nil {
		return nil, err
	}
	if why != "" {
		return nil, hdf5.Fault(f.at, "index "+name+" "+why, "names expected")
	}
	return c, nil
}

// columnNames are the columns in the order of the attribute column-order, or
// all members but the index where there is none.
func (f *frame) columnNames(index string) ([]string, error) {
	if has, err := f.at.HasAttr("column-order"); err != nil {
		return nil, err
	} else if has {
		return f.at.AttrTexts("column-order")
	}
	names, err := f.at.Names()
	return slices.DeleteFunc(names, func(n string) bool { return n == index || n == "__categories" }), err
}

func (f *frame) openColumn(name string) error {
	c, why, err := openColumn(f.at, name)
	if err != nil {
		return err
	}
	if why != "" {
		f.skipped = append(f.skipped, Skipped{name, why})
		return nil
	}
	f.columns = append(f.columns, c)
	if n := c.values.Len(); n != f.rows {
		return hdf5.Fault(c.values, fmt.Sprintf("has %d values, but the index has %d names", n, f.rows), hdf5.Damaged)
	}
	return nil
}

// empty is the frame without rows.
func (f *frame) empty() counts.Frame {
	var out counts.Frame
	for _, c := range f.columns {
		out.Columns = append(out.Columns, c.meta)
	}
	return out
}

// read fills out with n rows from first on, reusing its slices.
func (f *frame) read(first, n int64, out *counts.Frame) error {
	if out.Columns == nil {
		out.Columns = make([]counts.Column, len(f.columns))
	}
	var index counts.Column
	if err := f.index.read(first, n, &index); err != nil {
		return err
	}
	if at := slices.Index(index.Missing, true); at >= 0 {
		return hdf5.Fault(f.index.values, fmt.Sprintf("name %d is missing", first+int64(at)), "give every row a name")
	}
	out.Names = labels(&index)
	for i, c := range f.columns {
		if err := c.read(first, n, &out.Columns[i]); err != nil {
			return err
		}
	}
	return nil
}

func (f *frame) close() {
	if f.index != nil {
		f.index.close()
	}
	for _, c := range f.columns {
		c.close()
	}
	f.at.Close()
}
