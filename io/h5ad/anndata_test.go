//go:build cgo

package h5ad

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"cellvi/io/counts"
)

// TestAnndataReads has anndata itself read what Create wrote, with warnings as
// errors, write it again, and compares all that comes back.
func TestAnndataReads(t *testing.T) {
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" {
		t.Skip("set CELLVI_PYTHON to a Python that has anndata, to check that it reads our files")
	}
	tab := big(70, 9)
	for _, gzip := range []int{0, 6} {
		dir := t.TempDir()
		ours, theirs := filepath.Join(dir, "ours.h5ad"), filepath.Join(dir, "theirs.h5ad")
		tab.Obs.Columns = someColumns(70)
		genes := counts.Frame{Names: []string{"a", "b", "ç", "d", "e", "f", "g", "h", "i"}, Columns: someColumns(9)}
		if err := writeTable(ours, &genes, tab, WriteOptions{Gzip: gzip}, 33); err != nil {
			t.Fatal(err)
		}
		script := `
import sys, warnings, numpy as np
import anndata as ad
with warnings.catch_warnings():
    warnings.simplefilter("error")
    a = ad.read_h5ad(sys.argv[1])
assert a.X.dtype == np.float32 and a.X.indices.dtype == np.int32 and a.shape == (70, 9), a
assert a.obsm["X_latent"].shape == (70, 2) and a.uns == {} and not a.layers
assert str(a.obs["stage"].dtype) == "category" and a.obs["stage"].cat.ordered, a.obs.dtypes
kinds = {"int": "int64", "float": "float64", "bool": "bool", "maybe int": "Int64", "maybe bool": "boolean", "maybe text": "string"}
assert all(str(a.obs.dtypes[k]) == v for k, v in kinds.items()), a.obs.dtypes
ad.settings.allow_write_nullable_strings = True
a.write_h5ad(sys.argv[2], convert_strings_to_categoricals=False)
`
		if out, err := exec.Command(python, "-c", script, ours, theirs).CombinedOutput(); err != nil {
			t.Fatalf("gzip %d: %v\n%s", gzip, err, out)
		}
		compareFiles(t, ours, theirs)
	}
}

// someColumns has a column of each kind, and those that may be missing.
func someColumns(n int) []counts.Column {
	c := []counts.Column{{Name: "stage", Kind: counts.Categorical, Levels: []string{"früh", "spät", "unused"}, Ordered: true},
		{Name: "text", Kind: counts.String}, {Name: "int", Kind: counts.Int}, {Name: "float", Kind: counts.Float}, {Name: "bool", Kind: counts.Bool},
		{Name: "maybe int", Kind: counts.Int}, {Name: "maybe bool", Kind: counts.Bool}, {Name: "maybe text", Kind: counts.String}}
	for i := range n {
		c[0].Codes = append(c[0].Codes, int32(i%3)-1)
		c[1].Strings = append(c[1].Strings, []string{"x", "ß", ""}[i%3])
		c[2].Ints = append(c[2].Ints, int64(i)-3)
		c[3].Floats = append(c[3].Floats, []float64{float64(i) / 3, math.NaN()}[i%2])
		c[4].Bools = append(c[4].Bools, i%2 == 0)
		gone := i%4 == 1
		for k := range c[5:] {
			c[5+k].Missing = append(c[5+k].Missing, gone)
		}
		c[5].Ints = append(c[5].Ints, map[bool]int64{false: int64(i)}[gone])
		c[6].Bools = append(c[6].Bools, !gone && i%3 == 0)
		c[7].Strings = append(c[7].Strings, map[bool]string{false: "t"}[gone])
	}
	return c
}

func compareFiles(t *testing.T, a, b string) {
	t.Helper()
	var tables [2]string
	for i, path := range []string{a, b} {
		r, err := Open(path, Options{BatchCells: 100})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		tab, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tables[i] = asText(*r.Genes()) + asText(*tab)
	}
	if tables[0] != tables[1] {
		t.Errorf("ours   %s\ntheirs %s", tables[0], tables[1])
	}
}
