//go:build cgo

package tenx

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

func open(t testing.TB, path string, opt Options) *Reader {
	t.Helper()
	r, err := Open(path, opt)
	check(t, err)
	t.Cleanup(func() { check(t, r.Close()) })
	return r
}

func texted(name string, v ...string) counts.Column {
	return counts.Column{Name: name, Kind: counts.String, Strings: v}
}

// TestFeatures: types and genomes are chosen, and what goes is said.
func TestFeatures(t *testing.T) {
	path := write(t, sound())
	for _, c := range []struct {
		opt   Options
		ids   []string
		cells []float64 // the sum of each
		notes string
	}{
		{Options{}, []string{"G1", "G2", "G3"}, []float64{1, 0, 3},
			"features other than Gene Expression are left out: 1 Antibody Capture (--feature-types all keeps them)"},
		{Options{FeatureTypes: []string{"all"}}, []string{"G1", "G2", "G3", "CD3"}, []float64{3, 0, 3}, ""},
		{Options{FeatureTypes: []string{"Antibody Capture"}}, []string{"CD3"}, []float64{2, 0, 0},
			"features other than Antibody Capture are left out: 3 Gene Expression (--feature-types all keeps them)"},
		{Options{Genome: "mm"}, []string{"G2"}, []float64{0, 0, 3}, "features of other genomes than mm are left out: 3"},
	} {
		r := open(t, path, c.opt)
		if ids := r.Genes().Column("gene_ids").Strings; !slices.Equal(ids, c.ids) {
			t.Errorf("%+v: features %v, want %v", c.opt, ids, c.ids)
		}
		if notes := strings.Join(r.Notes(), "; "); notes != c.notes {
			t.Errorf("%+v: got  %s\nwant %s", c.opt, notes, c.notes)
		}
		table, err := r.Next(context.Background())
		check(t, err)
		for i, want := range c.cells {
			sum := 0.0
			_, values := table.Row(i)
			for _, v := range values {
				sum += v
			}
			if sum != want {
				t.Errorf("%+v: cell %d has %v counts, want %v", c.opt, i, sum, want)
			}
		}
	}
}

// TestColumns: the annotations are those of scanpy.read_10x_h5, of probes as well.
func TestColumns(t *testing.T) {
	f := sound()
	f.texts["gene_id"] = []string{"E1", "E2", "E3", ""}
	f.texts["_all_tag_keys"] = []string{"genome"}
	f.more = func(t testing.TB, m, features *hdf5.Group) {
		keep(features.WriteBools("filtered_probes", []bool{true, false, true, true}, hdf5.Layout{}))(t)
		keep(features.WriteTexts("odd", []string{"x"}, hdf5.Layout{}))(t)
		g, err := features.CreateGroup("target_sets")
		check(t, err)
		g.Close()
		keep(m.WriteBools("filtered_barcodes", []bool{true, false, true}, hdf5.Layout{}))(t)
	}
	r := open(t, write(t, f), Options{})
	want := &counts.Frame{Names: []string{"A", "B", "A"}, Columns: []counts.Column{
		texted("gene_ids", "E1", "E2", "E3"), texted("probe_ids", "G1", "G2", "G3"),
		texted("feature_types", counts.GeneExpression, counts.GeneExpression, counts.GeneExpression),
		{Name: "filtered_probes", Kind: counts.Bool, Bools: []bool{true, false, true}}, texted("genome", "hg", "mm", "hg")}}
	if d := countstest.DiffFrames(r.Genes(), want); d != "" {
		t.Errorf("genes: %s", d)
	}
	wantNotes := []string{"gene annotation odd is left out: it has 1 values for 4 features", "gene annotation target_sets is left out: it is a group",
		"features other than Gene Expression are left out: 1 Antibody Capture (--feature-types all keeps them)"}
	if !slices.Equal(r.Notes(), wantNotes) {
		t.Errorf("notes %q", r.Notes())
	}
	table, err := r.Next(context.Background())
	check(t, err)
	cells := &counts.Frame{Names: f.barcodes, Columns: []counts.Column{{Name: "filtered_barcodes", Kind: counts.Bool, Bools: []bool{true, false, true}}}}
	if d := countstest.DiffFrames(&table.Obs, cells); d != "" {
		t.Errorf("cells: %s", d)
	}
	if names, err := r.CellNames(context.Background()); err != nil || !slices.Equal(names, f.barcodes) {
		t.Errorf("names %v, %v", names, err)
	}
}

func keep(d *hdf5.Dataset, err error) func(testing.TB) {
	return func(t testing.TB) {
		t.Helper()
		check(t, err)
		check(t, d.Close())
	}
}

// TestOtherWriters: files without types, identifiers or symbols are read, and it is said.
func TestOtherWriters(t *testing.T) {
	f := sound()
	delete(f.texts, "feature_type")
	delete(f.texts, "name")
	r := open(t, write(t, f), Options{})
	want := []string{"genes are named by features/id: there is no features/name", "all features are read: there is no features/feature_type"}
	if !slices.Equal(r.Notes(), want) || !slices.Equal(r.Genes().Names, f.texts["id"]) {
		t.Errorf("notes %q, names %v", r.Notes(), r.Genes().Names)
	}
}

// TestDescribe lists the matrix, or that of each genome.
func TestDescribe(t *testing.T) {
	d, err := Describe(write(t, sound()), Options{})
	check(t, err)
	m := d.Matrices[0]
	if d.Format != "10x HDF5, version 3" || d.Cells != 3 || d.Genes != 3 || m.Name != "matrix" || m.Storage != "csr" || m.Type != "float64" || m.Stored != 3 || m.Problem != "" || len(d.Var) != 3 {
		t.Errorf("%+v", d)
	}
	other := soundLegacy()
	other.group, other.indptr = "mm10", []int64{0, 1, 2, 4}
	path := write(t, soundLegacy(), other)
	d, err = Describe(path, Options{})
	check(t, err)
	if d.Format != "10x HDF5, version 2" || d.Cells != 3 || d.Genes != 4 || len(d.Matrices) != 2 || d.Matrices[0].Name != "hg19" || d.Matrices[0].Problem != "" ||
		d.Matrices[1].Name != "mm10" || !strings.Contains(d.Matrices[1].Problem, "/mm10/indptr: ends at 4, but data has 3 values") {
		t.Errorf("%+v", d)
	}
	if _, err := Describe(path, Options{Genome: "mm10"}); err == nil {
		t.Error("the damaged genome was described")
	}
	countstest.Closed(t, path)
}

// TestIs tells 10x files from others.
func TestIs(t *testing.T) {
	molecules := func(t testing.TB, root *hdf5.Group) {
		keep(hdf5.WriteArray(root, "barcode_idx", []int64{1}, []int64{0}, hdf5.Layout{}))(t)
		keep(hdf5.WriteArray(root, "feature_idx", []int64{1}, []int64{0}, hdf5.Layout{}))(t)
	}
	loom := func(t testing.TB, root *hdf5.Group) {
		keep(hdf5.WriteArray(root, "matrix", []int64{1, 1}, []int64{0}, hdf5.Layout{}))(t)
	}
	for name, c := range map[string]struct {
		fill func(testing.TB, *hdf5.Group)
		want bool
	}{
		"v3": {sound().write, true}, "v2": {soundLegacy().write, true}, "molecules": {molecules, true}, "loom": {loom, false},
		"empty": {func(testing.TB, *hdf5.Group) {}, false},
	} {
		f, err := hdf5.Create(filepath.Join(t.TempDir(), "x.h5"))
		check(t, err)
		root, err := f.Root()
		check(t, err)
		c.fill(t, root)
		if is, err := Is(root); is != c.want || err != nil {
			t.Errorf("%s: %v, %v", name, is, err)
		}
		root.Close()
		check(t, f.Close())
	}
}

// TestInvalid holds the sentence for each way in which the parts may not fit.
func TestInvalid(t *testing.T) {
	const damaged = ": the file is truncated or damaged"
	v3, v2 := func(spoil func(*file)) []file { f := sound(); spoil(&f); return []file{f} },
		func(spoil func(*file)) []file { f := soundLegacy(); spoil(&f); return []file{f} }
	two := soundLegacy()
	two.group = "mm10"
	without := func(name string) func(*file) { return func(f *file) { f.leaveOut = name } }
	for _, c := range []struct {
		files []file
		opt   Options
		want  string
	}{
		{v3(func(f *file) {}), Options{}, ""},
		{v2(func(f *file) {}), Options{FeatureTypes: []string{counts.GeneExpression}}, ""},
		{v3(func(f *file) { f.shape = []int64{4, 2} }), Options{}, "/matrix/barcodes: has 3 values, but the matrix has 2 cells" + damaged},
		{v3(func(f *file) { f.shape = []int64{4} }), Options{}, "/matrix/shape: has 1 values of type int64, features × cells expected" + damaged},
		{v3(func(f *file) { f.shape = []int64{-4, 3} }), Options{}, "/matrix/shape: is -4 × 3, features × cells expected" + damaged},
		{v3(func(f *file) { f.shape = []int64{5, 3} }), Options{}, "/matrix/features/name: has 4 values, but the matrix has 5 features" + damaged},
		{v3(func(f *file) { f.indptr[3] = 4 }), Options{}, "/matrix/indptr: ends at 4, but data has 3 values" + damaged},
		{v3(func(f *file) { f.indptr = f.indptr[:3] }), Options{}, "/matrix/indptr: has 3 values, but the shape 3 × 4 needs 4" + damaged},
		{v3(func(f *file) { f.indices[1] = 4 }), Options{}, "/matrix/indices: value 1 is 4, but there are 4 genes" + damaged},
		{v3(func(f *file) { f.indices = f.indices[:2] }), Options{}, "/matrix/indices: has 2 values, but data has 3" + damaged},
		{v3(without("shape")), Options{}, "/matrix: has no dataset shape" + damaged},
		{v3(without("data")), Options{}, "/matrix: has no dataset data" + damaged},
		{v3(without("barcodes")), Options{}, "/matrix: has no barcodes: is it a matrix of Cell Ranger's?"},
		{v3(func(f *file) { f.leaveOut, f.texts = "features", nil }), Options{}, "/matrix: has no group features: is it a matrix of Cell Ranger's?"},
		{v3(func(f *file) { f.texts = nil }), Options{}, "/matrix/features: has no id: is it a matrix of Cell Ranger's?"},
		{v3(func(f *file) { f.texts["id"] = f.texts["id"][:3] }), Options{}, "/matrix/features/id: has 3 values, but the matrix has 4 features" + damaged},
		{v3(func(f *file) { f.texts["name"][1] = "\xfc" }), Options{}, `/matrix/features/name: row 1 is "\xfc", which is not UTF-8: write the file's text as UTF-8`},
		{v3(func(f *file) {}), Options{Genome: "rn"}, "/matrix/features: has no features of genome rn: the file has genomes hg and mm: choose with --genome hg or --genome mm"},
		{v3(func(f *file) {}), Options{FeatureTypes: []string{"Peaks"}}, "/matrix/features: has no features of type Peaks; it has 1 Antibody Capture and 3 Gene Expression: choose with --feature-types, or --feature-types all"},
		{v3(func(f *file) { delete(f.texts, "genome") }), Options{Genome: "hg"}, "/matrix/features: has no genome, but --genome hg is given: leave --genome out"},
		{[]file{soundLegacy(), two}, Options{}, "the file has genomes hg19 and mm10: choose with --genome hg19 or --genome mm10"},
		{[]file{soundLegacy(), two}, Options{Genome: "hg"}, "/hg: is missing: the file has genomes hg19 and mm10: choose with --genome hg19 or --genome mm10"},
		{v2(func(f *file) {}), Options{Genome: "hg"}, "/hg: is missing: the file has genome hg19: choose with --genome hg19"},
		{v2(without("gene_names")), Options{}, "/hg19: has no gene_names: is it a matrix of Cell Ranger's?"},
		{v2(func(f *file) {}), Options{FeatureTypes: []string{"Peaks"}}, "/hg19: has genes alone, but features of type Peaks are asked for: leave --feature-types out"},
		{nil, Options{}, "holds no matrix of 10x Genomics: neither a group matrix nor one for each genome: give a *_feature_bc_matrix.h5"},
	} {
		path := write(t, c.files...)
		_, err := factsOf(path, c.opt)
		countstest.Closed(t, path)
		want := path + ": " + c.want
		var input *counts.InputError
		if c.want == "" && err == nil {
			continue
		}
		if !errors.As(err, &input) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// TestMolecules: what is no matrix is called by its name.
func TestMolecules(t *testing.T) {
	path := filepath.Join(t.TempDir(), "molecule_info.h5")
	f, err := hdf5.Create(path)
	check(t, err)
	root, err := f.Root()
	check(t, err)
	for _, name := range []string{"barcode_idx", "feature_idx", "count"} {
		keep(hdf5.WriteArray(root, name, []int64{1}, []int64{0}, hdf5.Layout{}))(t)
	}
	root.Close()
	check(t, f.Close())
	_, err = Open(path, Options{})
	want := path + ": is a molecule_info.h5, which lists molecules and holds no matrix: give the *_feature_bc_matrix.h5 that lies beside it"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, err := Open(path+"x", Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}
