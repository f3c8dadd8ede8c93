//go:build cgo

package h5ad

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cellvi/io/counts"
)

const made = "../../testdata/h5ad"

// wanted is what make.py says a file holds.
type wanted struct {
	Matrices map[string]facts
	Obs      []struct {
		Name, Kind string
		Ordered    bool
		Levels     []string
		Values     []*string
	}
}

func readWanted(t *testing.T) map[string]wanted {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(made, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]wanted
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestEncodings reads every matrix of the files that anndata made, in several
// sizes of table and of memory: always the same counts.
func TestEncodings(t *testing.T) {
	for file, want := range readWanted(t) {
		for matrix, is := range want.Matrices {
			is.Cells, is.Genes = 40, 15
			for _, opt := range []Options{{}, {BatchCells: 1}, {BatchCells: 7, Memory: 1}, {BatchCells: 40, Memory: 1000}} {
				opt.Matrix = matrix
				got, err := factsOf(filepath.Join(made, file), opt)
				if err != nil || got != is {
					t.Errorf("%s %+v:\n got %+v, %v\nwant %+v", file, opt, got, err, is)
				}
			}
		}
	}
}

// TestColumns compares every annotation, read in one piece and in many.
func TestColumns(t *testing.T) {
	for file, want := range readWanted(t) {
		for _, batch := range []int{3, 40} {
			var matrix string
			for matrix = range want.Matrices {
			}
			r, err := Open(filepath.Join(made, file), Options{Matrix: matrix, BatchCells: batch})
			if err != nil {
				t.Fatal(err)
			}
			checkColumns(t, file, r, want)
			r.Close()
		}
	}
}

func checkColumns(t *testing.T, file string, r *Reader, want wanted) {
	t.Helper()
	got := make([][]string, len(want.Obs))
	if len(r.Obs().Columns) != len(want.Obs) {
		t.Fatalf("%s: columns %v, want %d", file, r.Obs().ColumnNames(), len(want.Obs))
	}
	err := eachTable(r, func(tab *counts.Table) {
		for i := range want.Obs {
			got[i] = append(got[i], shown(&tab.Obs.Columns[i])...)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range want.Obs {
		c := r.Obs().Columns[i]
		if c.Name != w.Name || c.Kind.String() != w.Kind || c.Ordered != w.Ordered || !slices.Equal(c.Levels, w.Levels) {
			t.Errorf("%s: column %+v, want %s %s %v", file, c, w.Name, w.Kind, w.Levels)
		}
		for j, v := range w.Values {
			if v == nil && got[i][j] != missing || v != nil && got[i][j] != *v {
				t.Errorf("%s: %s row %d is %q, want %v", file, w.Name, j, got[i][j], v)
			}
		}
	}
}

const missing = "(missing)"

// shown gives a column's values as text, missing where missing.
func shown(c *counts.Column) []string {
	out := slices.Clone(labels(c))
	for i := range out {
		if c.Missing != nil && c.Missing[i] || c.Kind == counts.Categorical && c.Codes[i] < 0 || c.Kind == counts.Float && c.Floats[i] != c.Floats[i] {
			out[i] = missing
		}
	}
	return out
}

// TestRefusals holds the sentences that a user gets for files that are odd.
func TestRefusals(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.h5ad")
	if err := os.WriteFile(text, []byte("gene\tcell1\nA\t1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file, matrix string
		words        []string
	}{
		{"oddities.h5ad", "X", []string{"/X: is missing: the file has layers/counts and layers/filtered: choose with --layer counts or --layer filtered"}},
		{"columns.h5ad", "layers/counts", []string{"/layers/counts: is missing: the file has X and raw/X: choose with --layer X or --layer raw/X"}},
		{"oddities.h5ad", "raw/X", []string{"/raw/X: is missing: the file has layers/counts and layers/filtered: choose with"}},
		{"foreign.h5ad", "none", []string{"/layers/none: is missing: the file has X and layers/a/b: choose with --layer X or --layer a/b"}},
		{"huge.h5ad", "X", []string{"/X/data: claims 2147484648 values, but only 0 bytes are stored: the file is truncated or damaged"}},
		{"overflow.h5ad", "X", []string{"/X/indptr: falls from 1073741824 to -2147483648 at 2: more values than 32 bits can count: write the matrix again with indptr of 64 bits"}},
		{text, "X", []string{"text.h5ad: not an HDF5 file but text, beginning \"gene\\tcell1\""}},
	} {
		path := c.file
		if !filepath.IsAbs(path) {
			path = filepath.Join(made, path)
		}
		_, err := Open(path, Options{Matrix: c.matrix})
		var input *counts.InputError
		if err == nil || !errors.As(err, &input) {
			t.Errorf("%s %s: error %v", c.file, c.matrix, err)
			continue
		}
		for _, w := range c.words {
			if !strings.Contains(err.Error(), w) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got  %v\nwant %s", err, w)
			}
		}
	}
}

// TestNotes says what was left out or decided, in whole sentences.
func TestNotes(t *testing.T) {
	for file, want := range map[string][]string{
		"oddities.h5ad": {"column coords of obs is left out: it has 2 axes", "column record of obs is left out: it holds compound values",
			"column group of obs is left out: it is a group without encoding-type"},
		"foreign.h5ad": {"column bits of obs is left out: it is listed twice", "column beyond of obs is left out: it holds numbers above 9223372036854775807, the first in row 0"},
		"ancient.h5ad": {"column coords of obs is left out: it holds other values",
			"column plate of obs is read as numbers: it holds codes beyond the levels in /uns/plate_categories",
			"column batch of var is read as numbers: it holds codes beyond the levels in /uns/batch_categories"},
	} {
		matrix := map[string]string{"oddities.h5ad": "counts"}[file]
		r, err := Open(filepath.Join(made, file), Options{Matrix: matrix})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Notes(); !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", file, got, want)
		}
		r.Close()
	}
}

// TestDescribe says what is in a file without opening its counts.
func TestDescribe(t *testing.T) {
	d, err := Describe(filepath.Join(made, "gzip.h5ad"))
	if err != nil {
		t.Fatal(err)
	}
	want := []counts.Matrix{
		{Name: "X", Storage: "csc", Type: "float32", Filters: []string{"gzip"}, Cells: 40, Genes: 15, Stored: 192},
		{Name: "layers/csr_int16", Storage: "csr", Type: "int16", Filters: []string{"gzip"}, Cells: 40, Genes: 15, Stored: 192},
		{Name: "layers/dense_float32", Storage: "dense", Type: "float32", Filters: []string{"gzip"}, Cells: 40, Genes: 15, Stored: 600},
	}
	if len(d.Matrices) != len(want) || d.Cells != 40 || d.Genes != 15 {
		t.Fatalf("got %+v", d)
	}
	for i, m := range d.Matrices {
		if !slices.Equal(m.Filters, want[i].Filters) || m.Name != want[i].Name || m.Storage != want[i].Storage || m.Type != want[i].Type || m.Stored != want[i].Stored || m.Problem != "" {
			t.Errorf("got %+v, want %+v", m, want[i])
		}
	}
	odd, err := Describe(filepath.Join(made, "oddities.h5ad"))
	if err != nil {
		t.Fatal(err)
	}
	if p := odd.Matrices[1].Problem; !strings.Contains(p, "HDF5_PLUGIN_PATH") || len(odd.Obs) != 4 {
		t.Errorf("problem %q, obs %+v", p, odd.Obs)
	}
}
