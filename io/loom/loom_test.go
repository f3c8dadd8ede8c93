//go:build cgo

package loom

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
	"cellvi/io/hdf5"
)

// file is what a loom file is made of in these tests.
type file struct {
	genes, cells int64
	layout       hdf5.Layout
	matrices     map[string][]float64 // "matrix" and layers, genes × cells
	rows, cols   []counts.Column
	more         func(t testing.TB, root *hdf5.Group)
}

// sound is 3 cells × 2 genes.
func sound() file {
	return file{genes: 2, cells: 3, matrices: map[string][]float64{"matrix": {1, 0, 2, 0, 0, 3}, "spliced": {1, 0, 1, 0, 0, 2}},
		rows: []counts.Column{texted("Gene", "A", "A"), texted("Accession", "E1", "E2")},
		cols: []counts.Column{texted("CellID", "c1", "c2", "c3"), {Name: "age", Kind: counts.Int, Ints: []int64{1, 2, 3}}}}
}

func texted(name string, v ...string) counts.Column {
	return counts.Column{Name: name, Kind: counts.String, Strings: v}
}

func (f file) write(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.loom")
	out, err := hdf5.Create(path)
	check(t, err)
	root, err := out.Root()
	check(t, err)
	layers := group(t, root, "layers")
	for name, v := range f.matrices {
		g := layers
		if name == "matrix" {
			g = root
		}
		l := f.layout
		if l.Chunk, l.Wide = min(l.Chunk, f.genes), min(l.Wide, f.cells); l.Chunk == 0 {
			l = hdf5.Layout{}
		}
		keep(hdf5.WriteArray(g, name, []int64{f.genes, f.cells}, v, l))(t)
	}
	check(t, layers.Close())
	for name, columns := range map[string][]counts.Column{"row_attrs": f.rows, "col_attrs": f.cols} {
		g := group(t, root, name)
		for _, c := range columns {
			putColumn(t, g, c)
		}
		check(t, g.Close())
	}
	if f.more != nil {
		f.more(t, root)
	}
	check(t, root.Close())
	check(t, out.Close())
	return path
}

func group(t testing.TB, parent *hdf5.Group, name string) *hdf5.Group {
	t.Helper()
	g, err := parent.CreateGroup(name)
	check(t, err)
	return g
}

func putColumn(t testing.TB, g *hdf5.Group, c counts.Column) {
	n := []int64{int64(c.Len())}
	switch c.Kind {
	case counts.String:
		keep(g.WriteTexts(c.Name, c.Strings, hdf5.Layout{}))(t)
	case counts.Int:
		keep(hdf5.WriteArray(g, c.Name, n, c.Ints, hdf5.Layout{}))(t)
	case counts.Float:
		keep(hdf5.WriteArray(g, c.Name, n, c.Floats, hdf5.Layout{}))(t)
	case counts.Bool:
		keep(g.WriteBools(c.Name, c.Bools, hdf5.Layout{}))(t)
	}
}

func keep(d *hdf5.Dataset, err error) func(testing.TB) {
	return func(t testing.TB) {
		t.Helper()
		check(t, err)
		check(t, d.Close())
	}
}

// TestConformance: every annotation that loom can hold, any chunks, any memory.
func TestConformance(t *testing.T) {
	limits := countstest.Limits{NeverMissing: []counts.Kind{counts.Categorical, counts.String, counts.Int, counts.Bool}}
	for name, l := range map[string]hdf5.Layout{"contiguous": {}, "64 × 64": {Chunk: 64, Wide: 64, Gzip: 1}, "genes": {Chunk: 9, Wide: 1 << 20},
		"cells": {Chunk: 1 << 20, Wide: 1, Gzip: 1}} {
		t.Run(name, func(t *testing.T) {
			countstest.RunWithin(t, limits, func(t *testing.T, want *countstest.FullTable) counts.Reader {
				r, err := Open(fileOf(want, l).write(t), Options{Threads: len(name) % 3, Memory: 1})
				check(t, err)
				return r
			})
		})
	}
}

// fileOf is a table as a file. loom has no categoricals and no order of attributes:
// want's become text, in the order of their names.
func fileOf(want *countstest.FullTable, l hdf5.Layout) file {
	for _, frame := range []*counts.Frame{want.Genes, &want.Table.Obs} {
		for i := range frame.Columns {
			if c := &frame.Columns[i]; c.Kind == counts.Categorical {
				values := make([]string, c.Len())
				for k := range values {
					values[k] = c.Text(k)
				}
				*c = texted(c.Name, values...)
			}
		}
		slices.SortFunc(frame.Columns, func(a, b counts.Column) int { return strings.Compare(a.Name, b.Name) })
	}
	f := file{genes: int64(want.Genes.Len()), cells: int64(want.Table.Cells()), layout: l}
	v := make([]float64, f.genes*f.cells)
	for i := range want.Table.Cells() {
		genes, values := want.Table.Row(i)
		for k, g := range genes {
			v[int64(g)*f.cells+int64(i)] = values[k]
		}
	}
	f.matrices = map[string][]float64{"matrix": v}
	f.rows = append(slices.Clone(want.Genes.Columns), texted("Gene", want.Genes.Names...))
	f.cols = append(slices.Clone(want.Table.Obs.Columns), texted("CellID", want.Table.Obs.Names...))
	return f
}

// TestLayers: the main matrix under each of its names, and layers.
func TestLayers(t *testing.T) {
	path := sound().write(t)
	for layer, total := range map[string]float64{"": 6, "X": 6, "matrix": 6, "spliced": 4, "layers/spliced": 4} {
		f, err := factsOf(path, Options{Layer: layer})
		check(t, err)
		if f.Total != total {
			t.Errorf("layer %q has %v counts, want %v", layer, f.Total, total)
		}
	}
	d, err := Describe(path, Options{})
	check(t, err)
	if len(d.Matrices) != 2 || d.Matrices[0].Name != "matrix" || d.Matrices[1].Name != "layers/spliced" || d.Cells != 3 || d.Genes != 2 ||
		d.Matrices[0].Storage != "dense" || d.Matrices[0].Cells != 3 || d.Matrices[0].Genes != 2 || len(d.Obs) != 1 || len(d.Var) != 1 {
		t.Errorf("%+v", d)
	}
}

// TestClosed: Describe leaves no handle open.
func TestClosed(t *testing.T) {
	path := sound().write(t)
	if _, err := Describe(path, Options{Memory: 1}); err != nil {
		t.Error(err)
	}
	countstest.Closed(t, path)
}

// TestNames: which attributes name cells and genes, and what is said of it.
func TestNames(t *testing.T) {
	for _, c := range []struct {
		rows, cols   []counts.Column
		genes, cells []string
		notes        string
	}{
		{sound().rows, sound().cols, []string{"A", "A"}, []string{"c1", "c2", "c3"}, ""},
		{[]counts.Column{texted("var_names", "x", "y")}, []counts.Column{texted("obs_names", "1", "2", "3")}, []string{"x", "y"}, []string{"1", "2", "3"},
			"genes are named by var_names: there is no Gene; cells are named by obs_names: there is no CellID"},
		{[]counts.Column{texted("Accession", "E1", "E2")}, nil, []string{"E1", "E2"}, []string{"0", "1", "2"},
			"genes are named by Accession: there is no Gene; cells are numbered from 0: there is no CellID and no obs_names"},
		{sound().rows, []counts.Column{{Name: "CellID", Kind: counts.Int, Ints: []int64{7, 8, 9}}}, []string{"A", "A"}, []string{"7", "8", "9"}, ""},
	} {
		f := sound()
		f.rows, f.cols = c.rows, c.cols
		r, err := Open(f.write(t), Options{})
		check(t, err)
		names, err := r.CellNames(context.Background())
		check(t, err)
		table, err := r.Next(context.Background())
		check(t, err)
		if notes := strings.Join(r.Notes(), "; "); notes != c.notes {
			t.Errorf("got  %s\nwant %s", notes, c.notes)
		}
		if !slices.Equal(names, c.cells) || !slices.Equal(table.Obs.Names, c.cells) || !slices.Equal(r.Genes().Names, c.genes) {
			t.Errorf("cells %v %v, genes %v", names, table.Obs.Names, r.Genes().Names)
		}
		check(t, r.Close())
	}
}

// TestLeftOut: what is no column is left out, and said.
func TestLeftOut(t *testing.T) {
	f := sound()
	f.more = func(t testing.TB, root *hdf5.Group) {
		cols, err := root.OpenGroup("col_attrs")
		check(t, err)
		keep(hdf5.WriteArray(cols, "Embedding", []int64{3, 2}, make([]float64, 6), hdf5.Layout{}))(t)
		check(t, group(t, cols, "nested").Close())
		check(t, cols.Close())
	}
	r, err := Open(f.write(t), Options{})
	check(t, err)
	defer r.Close()
	want := []string{"attribute Embedding of cells is left out: it has 2 axes", "attribute nested of cells is left out: it is a group"}
	if !slices.Equal(r.Notes(), want) {
		t.Errorf("got %q", r.Notes())
	}
}

// TestInvalid holds the sentence for each way in which the parts may not fit.
func TestInvalid(t *testing.T) {
	const damaged = ": the file is truncated or damaged"
	for _, c := range []struct {
		spoil func(*file)
		layer string
		want  string
	}{
		{func(f *file) {}, "", ""},
		{func(f *file) {}, "unspliced", "/layers/unspliced: is missing: the file has matrix and layers/spliced: choose with --layer matrix or --layer spliced"},
		{func(f *file) { f.rows[0].Strings = []string{"A"} }, "", "/row_attrs/Gene: has 1 values, but matrix has 2 genes" + damaged},
		{func(f *file) { f.cols[1].Ints = []int64{1} }, "", "/col_attrs/age: has 1 values, but matrix has 3 cells" + damaged},
		{func(f *file) { f.rows = []counts.Column{texted("symbol", "A", "B"), texted("id", "A", "B")} }, "",
			"/row_attrs: holds id and symbol, but none of Gene, var_names, GeneName and Accession, which name genes: name one of the attributes Gene"},
		{func(f *file) { f.rows = nil }, "", "/row_attrs: is empty, but none of Gene, var_names, GeneName and Accession, which name genes: name one of the attributes Gene"},
		{func(f *file) { f.cols[0].Strings[2] = "z\xfcrich" }, "", `/col_attrs/CellID: row 2 is "z\xfcrich", which is not UTF-8: write the file's text as UTF-8`},
		{func(f *file) {
			f.more = func(t testing.TB, root *hdf5.Group) {
				layers, err := root.OpenGroup("layers")
				check(t, err)
				keep(hdf5.WriteArray(layers, "small", []int64{2, 2}, make([]float64, 4), hdf5.Layout{}))(t)
				check(t, layers.Close())
			}
		}, "small", "/layers/small: has shape 2 × 2, but matrix has 2 × 3" + damaged},
		{func(f *file) { delete(f.matrices, "matrix") }, "", "is no loom file: a dataset matrix and the groups row_attrs and col_attrs are expected"},
	} {
		f := sound()
		c.spoil(&f)
		path := f.write(t)
		_, err := factsOf(path, Options{Layer: c.layer})
		countstest.Closed(t, path)
		var input *counts.InputError
		if c.want == "" && err == nil {
			continue
		}
		if want := strings.TrimSuffix(path+": "+c.want, ": "); !errors.As(err, &input) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.loom"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

// TestClaims: without names of cells, a matrix that claims more than is stored is refused.
func TestClaims(t *testing.T) {
	f := sound()
	f.cols, f.genes, f.cells = nil, 2, 1<<20
	f.matrices = nil
	f.more = func(t testing.TB, root *hdf5.Group) {
		d, err := hdf5.WriteArray[float64](root, "matrix", []int64{2, 1 << 20}, nil, hdf5.Layout{Chunk: 2, Wide: 64, Gzip: 1})
		keep(d, err)(t)
	}
	path := f.write(t)
	_, err := Open(path, Options{})
	want := path + ": /matrix: claims 2097152 values, but only 0 bytes are stored: the file is truncated or damaged"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
