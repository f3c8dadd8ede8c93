package h5ad

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"cellvi/io/counts"
	"cellvi/io/h5matrix"
	"cellvi/io/hdf5"
)

// skipped is a column that is left out: its name, and why.
type skipped struct{ name, why string }

// frame is annotations (obs, var, raw/var), open for reading by ranges of rows: a
// group of columns, or a table of records as anndata before 0.7 wrote it.
type frame struct {
	at      placed
	rows    int64
	index   *column
	columns []*column
	skipped []skipped
	notes   []string
	taken   int64 // bytes that its chunks take; see h5matrix.Options.FitColumns
}

// placed is an open group or dataset.
type placed interface {
	hdf5.Placed
	Close() error
}

// openFrame opens a frame and its columns in the file's order, and checks that
// all have as many rows as the index, before it reads any that have to be looked at.
func openFrame(root *hdf5.Group, name string, how h5matrix.Options) (*frame, error) {
	kind, err := root.Kind(name)
	if err != nil {
		return nil, err
	}
	f := &frame{}
	switch kind {
	case hdf5.IsGroup:
		err = f.openGroup(root, name)
	case hdf5.IsDataset:
		err = f.openTable(root, name)
	default:
		err = &counts.InputError{File: root.File().Path(), Place: "/" + name, Found: "is missing", Advice: looksLike(root)}
	}
	if err == nil {
		f.taken, err = how.FitColumns(f.at, f.arrays()...)
	}
	if err == nil {
		err = f.lookAt(root)
	}
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// arrays are what reading the frame reads.
func (f *frame) arrays() []hdf5.Array {
	if table, ok := f.at.(*hdf5.Dataset); ok {
		return []hdf5.Array{table}
	}
	list := []hdf5.Array{f.index.values, f.index.mask}
	for _, c := range f.columns {
		list = append(list, c.values, c.mask)
	}
	return list
}

// lookAt reads the columns of which the values tell what they are: codes of levels
// that stand elsewhere, and numbers that may be too large.
func (f *frame) lookAt(root *hdf5.Group) error {
	if table, ok := f.at.(*hdf5.Dataset); ok {
		if err := table.KeepOneChunk(); err != nil {
			return err
		}
		if err := f.findLevels(root); err != nil {
			return err
		}
	}
	for i := 0; i < len(f.columns); {
		c := f.columns[i]
		why, err := c.tooLarge()
		switch {
		case err != nil:
			return err
		case why == "":
			i++
		default:
			f.columns = slices.Delete(f.columns, i, i+1)
			f.skip(c.meta.Name, why)
			c.close()
		}
	}
	return nil
}

func (f *frame) openGroup(root *hdf5.Group, path string) error {
	g, err := root.OpenGroup(path)
	if err != nil {
		return err
	}
	f.at = g
	name, err := indexName(g)
	if err != nil {
		return err
	}
	c, why, err := openColumn(g, name)
	if err != nil {
		return err
	}
	if err := f.setIndex(c, name, why); err != nil {
		return err
	}
	names, err := columnNames(g, name)
	if err != nil {
		return err
	}
	for i, n := range names {
		if slices.Contains(names[:i], n) {
			f.skip(n, "is listed twice")
			continue
		}
		c, why, err := openColumn(g, n)
		if err != nil {
			return err
		}
		if err := f.add(c, n, why); err != nil {
			return err
		}
	}
	return nil
}

// indexName is the member that names the rows: the attribute _index, or the
// members that go by custom.
func indexName(g *hdf5.Group) (string, error) {
	if has, err := g.HasAttr("_index"); err != nil {
		return "", err
	} else if has {
		return g.AttrText("_index")
	}
	for _, name := range []string{"_index", "index"} {
		if kind, err := g.Kind(name); err != nil {
			return "", err
		} else if kind != hdf5.Absent {
			return name, nil
		}
	}
	return "", hdf5.Fault(g, "has no index: no attribute _index and no member of that name", "is it an AnnData file?")
}

// columnNames are the columns in the order of the attribute column-order, or
// all members but the index where there is none.
func columnNames(g *hdf5.Group, index string) ([]string, error) {
	if has, err := g.HasAttr("column-order"); err != nil {
		return nil, err
	} else if has {
		return g.AttrTexts("column-order")
	}
	names, err := g.Names()
	return slices.DeleteFunc(names, func(n string) bool { return n == index || n == "__categories" }), err
}

// setIndex takes c as the names of the rows; why says that it cannot be.
func (f *frame) setIndex(c *column, name, why string) error {
	if why != "" {
		return hdf5.Fault(f.at, "index "+name+" "+why, "names expected")
	}
	f.index = c
	f.rows = c.values.Len()
	if err := c.values.Plausible(); err != nil {
		return err
	}
	return c.keepLittle()
}

// add takes in the next column, or leaves it out where why says so.
func (f *frame) add(c *column, name, why string) error {
	if !utf8.ValidString(name) {
		if c != nil {
			c.close()
		}
		return hdf5.Fault(f.at, fmt.Sprintf("has a column %q, which is not UTF-8", name), "write the file's text as UTF-8")
	}
	if why != "" {
		f.skip(name, why)
		return nil
	}
	f.columns = append(f.columns, c)
	if n := c.values.Len(); n != f.rows {
		return hdf5.Fault(c.values, fmt.Sprintf("has %d values, but the index has %d names", n, f.rows), hdf5.Damaged)
	}
	return c.keepLittle()
}

func (f *frame) skip(name, why string) { f.skipped = append(f.skipped, skipped{name, why}) }

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
	names, err := f.names(first, n)
	if err != nil {
		return err
	}
	out.Names = names
	for i, c := range f.columns {
		if err := c.read(first, n, &out.Columns[i]); err != nil {
			return err
		}
	}
	return nil
}

// names are those of n rows from first on.
func (f *frame) names(first, n int64) ([]string, error) {
	var index counts.Column
	if err := f.index.read(first, n, &index); err != nil {
		return nil, err
	}
	for i := range int(n) {
		if index.IsMissing(i) {
			return nil, hdf5.Fault(f.index.values, fmt.Sprintf("name %d is missing", first+int64(i)), "give every row a name")
		}
	}
	return f.index.labels(first, &index)
}

// say lists what is left out or decided, in sentences about the columns of what.
func (f *frame) say(what string) []string {
	var notes []string
	for _, s := range f.skipped {
		notes = append(notes, fmt.Sprintf("column %s of %s is left out: it %s", s.name, what, s.why))
	}
	return append(notes, f.notes...)
}

func (f *frame) close() {
	if f.index != nil {
		f.index.close()
	}
	for _, c := range f.columns {
		c.close()
	}
	if f.at != nil {
		f.at.Close()
	}
}
