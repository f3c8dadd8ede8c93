//go:build cgo

package h5ad

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// someAdditions are one of each kind, for a file of at least 5 genes.
func someAdditions() []Addition {
	return []Addition{
		{Group: "obsm", Name: "X_scVI", Cols: 2},
		{Group: "obs", Name: "kept", Cols: 1, Kind: counts.Bool},
		{Group: "obs", Name: "split", Cols: 1, Kind: counts.Categorical, Levels: []string{"train", "validation"}},
		{Group: "obs", Name: "size", Cols: 1, Kind: counts.Float},
		{Group: "layers", Name: "rate", Cols: 2, Genes: []int32{4, 1}},
	}
}

// raw is numbers as Add takes them.
func raw(t *testing.T, v any) []byte {
	t.Helper()
	b, err := binary.Append(nil, binary.LittleEndian, v)
	check(t, err)
	return b
}

// marked has a cell of every three not marked, the first of all among them.
func marked(n int64) (m Marks) {
	for i := range n {
		m.Append(i%3 != 0)
	}
	return m
}

// addSome adds someAdditions, of list those whose group is not left out, in pieces of
// several cells.
func addSome(t *testing.T, path string, marks Marks, list []Addition) error {
	t.Helper()
	a, err := OpenAdder(path, list, false, marks)
	if err != nil {
		return err
	}
	cells := []int64{}
	for i := range marks.N {
		if marks.Has(i) {
			cells = append(cells, i)
		}
	}
	for at := 0; at < len(cells); at += 7 {
		piece := cells[at:min(at+7, len(cells))]
		for i, x := range list {
			check(t, a.Add(i, valuesFor(t, x, piece)))
		}
	}
	return a.Finish()
}

// valuesFor are 10·cell + column, and of that what a column of obs can be.
func valuesFor(t *testing.T, x Addition, cells []int64) []byte {
	var f32 []float32
	var f64 []float64
	var codes []int32
	var bools []int8
	for _, c := range cells {
		for k := range x.Cols {
			f32 = append(f32, float32(10*c)+float32(k))
		}
		f64, codes, bools = append(f64, float64(c)/4), append(codes, int32(c%3)-1), append(bools, 1)
	}
	switch {
	case x.Group != "obs":
		return raw(t, f32)
	case x.Kind == counts.Bool:
		return raw(t, bools)
	case x.Kind == counts.Float:
		return raw(t, f64)
	}
	return raw(t, codes)
}

// floatsAt reads a dataset of floats.
func floatsAt(t *testing.T, path, group, name string) (v []float64, shape []int64) {
	t.Helper()
	f, err := hdf5.Open(path)
	check(t, err)
	defer f.Close()
	root, err := f.Root()
	check(t, err)
	defer root.Close()
	g, err := root.OpenGroup(group)
	check(t, err)
	defer g.Close()
	d, err := g.OpenDataset(name)
	check(t, err)
	defer d.Close()
	v = make([]float64, d.Len())
	shape = d.Shape()
	check(t, hdf5.Read(d, v, make([]int64, len(shape)), shape))
	return v, shape
}

// TestAdd adds arrays of every kind, and finds them, what was there before, and NaN,
// no category and false where a cell is not marked.
func TestAdd(t *testing.T) {
	const n = 50
	tab := big(n, 9)
	tab.Obs.Columns = someColumns(n)
	path := filepath.Join(t.TempDir(), "x.h5ad")
	genes := counts.Frame{Names: strings.Split("abcdefghi", "")}
	check(t, writeTable(path, &genes, tab, WriteOptions{}, 33))
	marks := marked(n)
	check(t, addSome(t, path, marks, someAdditions()))

	latent, shape := floatsAt(t, path, "obsm", "X_scVI")
	rate, wide := floatsAt(t, path, "layers", "rate")
	if !slices.Equal(shape, []int64{n, 2}) || !slices.Equal(wide, []int64{n, 9}) {
		t.Fatalf("shapes %v and %v", shape, wide)
	}
	r, err := Open(path, Options{BatchCells: n})
	check(t, err)
	defer r.Close()
	got, err := r.Next(t.Context())
	check(t, err)
	columns := append(tab.Obs.ColumnNames(), "kept", "split", "size")
	if names := got.Obs.ColumnNames(); !slices.Equal(names, columns) {
		t.Errorf("columns %v, want %v", names, columns)
	}
	for i := range n {
		c, has := float64(i), marks.Has(int64(i))
		want := []string{"False", "", ""}
		values := []float64{math.NaN(), math.NaN()}
		if has {
			want = []string{"True", []string{"", "train", "validation"}[i%3], fmt.Sprint(c / 4)}
			values = []float64{10 * c, 10*c + 1}
		}
		for k, name := range columns[len(columns)-3:] {
			if text := got.Obs.Column(name).Text(i); text != want[k] {
				t.Errorf("cell %d: %s is %q, want %q", i, name, text, want[k])
			}
		}
		row := []float64{math.NaN(), values[1], math.NaN(), math.NaN(), values[0], math.NaN(), math.NaN(), math.NaN(), math.NaN()}
		if !sameFloats(latent[2*i:2*i+2], values) || !sameFloats(rate[9*i:9*i+9], row) {
			t.Errorf("cell %d: obsm %v, layer %v", i, latent[2*i:2*i+2], rate[9*i:9*i+9])
		}
	}
}

func sameFloats(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return x == y || x != x && y != y })
}

// TestAddManyChunks crosses the pieces in which rows are written.
func TestAddManyChunks(t *testing.T) {
	const n = addChunk + 1000
	tab := &counts.Table{Indptr: make([]int64, n+1)}
	for i := range n {
		tab.Obs.Names = append(tab.Obs.Names, fmt.Sprint(i))
	}
	path := filepath.Join(t.TempDir(), "x.h5ad")
	check(t, writeTable(path, &counts.Frame{Names: []string{"g"}}, tab, WriteOptions{}, n))
	var marks Marks
	var values []float64
	for i := range int64(n) {
		marks.Append(i > 10 && i < n-10)
		if i > 10 && i < n-10 {
			values = append(values, float64(i))
		}
	}
	a, err := OpenAdder(path, []Addition{{Group: "obs", Name: "x", Cols: 1, Kind: counts.Float}}, false, marks)
	check(t, err)
	check(t, a.Add(0, raw(t, values)))
	check(t, a.Finish())
	got, _ := floatsAt(t, path, "obs", "x")
	for i, v := range got {
		if has := marks.Has(int64(i)); has && v != float64(i) || !has && v == v {
			t.Fatalf("cell %d has %v", i, v)
		}
	}
}

// TestAddRefuses: what is in the way is said in a line, before and while adding.
func TestAddRefuses(t *testing.T) {
	fresh := func(t *testing.T) string {
		path := filepath.Join(t.TempDir(), "x.h5ad")
		check(t, writeTable(path, &counts.Frame{Names: strings.Split("abcdefghi", "")}, big(9, 9), WriteOptions{}, 33))
		return path
	}
	done := fresh(t)
	check(t, addSome(t, done, marked(9), someAdditions()))
	for want, x := range map[string]Addition{
		"/obsm/X_scVI: is there already: pass --overwrite-keys to replace it in the copy, or choose another name with --obsm-key": {Group: "obsm", Name: "X_scVI", Cols: 2},
		"/obs/split: is there already: pass --overwrite-keys to replace it in the copy":                                           {Group: "obs", Name: "split", Cols: 1, Kind: counts.Float},
		"/layers/rate: is there already: pass --overwrite-keys to replace it in the copy":                                         {Group: "layers", Name: "rate", Cols: 9},
		"/obs/_index: is the index: rename it: no column can have its name":                                                       {Group: "obs", Name: "_index", Cols: 1, Kind: counts.Float},
	} {
		_, err := OpenTarget(done, []Addition{x}, false, Options{})
		if err == nil || err.Error() != done+": "+want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		if _, err := OpenAdder(done, []Addition{x}, false, marked(9)); err == nil || err.Error() != done+": "+want {
			t.Errorf("adding: got %v\nwant %s", err, want)
		}
	}
	a, err := OpenAdder(done, someAdditions(), true, marked(9))
	check(t, err)
	check(t, a.Add(0, make([]byte, 6*2*4)))
	for _, c := range []struct{ raw int }{{6 * 2 * 4}, {7}} {
		if err := a.Add(0, make([]byte, c.raw)); err == nil {
			t.Errorf("%d bytes too many are taken", c.raw)
		}
	}
	if err := a.Finish(); err == nil || !strings.Contains(err.Error(), "fewer values than marked cells") {
		t.Errorf("values that did not come: %v", err)
	}
	if _, err := OpenAdder(fresh(t), someAdditions(), false, marked(8)); err == nil {
		t.Error("marks for 8 of 9 cells are taken")
	}
	for _, name := range []string{"", ".", "a/b"} {
		if Named(name) {
			t.Errorf("%q can be a name", name)
		}
	}
}

// TestReplace: what is replaced is listed once, and has the new values.
func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.h5ad")
	check(t, writeTable(path, &counts.Frame{Names: strings.Split("abcdefghi", "")}, big(9, 9), WriteOptions{}, 33))
	check(t, addSome(t, path, marked(9), someAdditions()))
	a, err := OpenAdder(path, []Addition{{Group: "obs", Name: "split", Cols: 1, Kind: counts.Float}}, true, marked(9))
	check(t, err)
	check(t, a.Add(0, raw(t, []float64{1, 2, 3, 4, 5, 6})))
	check(t, a.Finish())
	r, err := Open(path, Options{})
	check(t, err)
	defer r.Close()
	tab, err := r.Next(t.Context())
	check(t, err)
	if names := tab.Obs.ColumnNames(); !slices.Equal(names, []string{"kept", "split", "size"}) {
		t.Errorf("columns %v", names)
	}
	if c := tab.Obs.Column("split"); c.Text(1) != "1" || c.Text(8) != "6" || c.Text(3) != "" {
		t.Errorf("it is %+v", c)
	}
}

// TestAddToRecords: obsm of anndata before 0.7 is a table, which is refused.
func TestAddToRecords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.h5ad")
	bytes, err := os.ReadFile(shared(t, "fixtures/anndata/v0.5.0.h5ad"))
	check(t, err)
	check(t, os.WriteFile(path, bytes, 0o600))
	_, err = OpenAdder(path, someAdditions()[:1], false, marked(700))
	if err == nil || !strings.HasPrefix(err.Error(), path+": /obsm: is a table of records, as anndata before 0.7 wrote it") {
		t.Errorf("got %v", err)
	}
}
