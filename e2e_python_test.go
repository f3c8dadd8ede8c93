package main

import (
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestSameCellsFromPython: the same cells, written in every format by the tools that
// users write them with, give the same fingerprint, store and latent.
func TestSameCellsFromPython(t *testing.T) {
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" {
		t.Skip("set CELLVI_PYTHON to a Python that has what testdata/requirements.txt lists")
	}
	dir := filepath.Join(t.TempDir(), "family")
	if out, err := exec.Command(python, filepath.Join("testdata", "formats.py"), dir, "--seed", "8").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var family []kin
	for _, e := range entries {
		hdf5 := slices.Contains([]string{".h5ad", ".h5", ".loom"}, filepath.Ext(e.Name()))
		if hdf5 && simulatedName != "cells.h5ad" {
			continue // a build without HDF5
		}
		k := kin{path: filepath.Join(dir, e.Name())}
		if strings.HasPrefix(e.Name(), "genes_by_cells") {
			k.args = []string{"--transpose"}
		}
		family = append(family, k)
	}
	if len(family) < 10 {
		t.Fatalf("only %d files", len(family))
	}
	sameFamily(t, family, readGrid(t, filepath.Join(dir, "cells_by_genes.csv")).fingerprint())
}

// readGrid reads a CSV of whole numbers, a row a cell, without cellvi's own reader.
func readGrid(t *testing.T, path string) *grid {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(read(t, path))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	x := &grid{genes: rows[0][1:]}
	for _, row := range rows[1:] {
		x.cells = append(x.cells, row[0])
		var values []int
		for _, field := range row[1:] {
			n, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, n)
		}
		x.counts = append(x.counts, values)
	}
	return x
}

// headerScript writes files that say they hold more than 2^31 counts, and hold none:
// the values were never written, or fewer are there than indptr says.
const headerScript = `
import sys
import anndata as ad, h5py, numpy as np, pandas as pd, scipy.sparse as sp
n, cells, genes = 2**31 + 10, 5, 100
for path, length in (sys.argv[1], n), (sys.argv[2], 1000):
    X = sp.csr_matrix((cells, genes), dtype=np.float32)
    ad.AnnData(X, obs=pd.DataFrame(index=[f"c{i}" for i in range(cells)]), var=pd.DataFrame(index=[f"g{i}" for i in range(genes)])).write_h5ad(path)
    with h5py.File(path, "a") as f:
        for name, kind in ("data", np.float32), ("indices", np.int64), ("indptr", np.int64):
            del f["X"][name]
            if name != "indptr":
                f["X"].create_dataset(name, (length,), kind, chunks=(1000,))
        f["X"]["indptr"] = np.array([0, 10, 20, 30, 40, n], np.int64)
`

// TestHeaderBeyond32Bits: an h5ad whose header alone says more than 2^31 counts is
// refused at once, with the number.
func TestHeaderBeyond32Bits(t *testing.T) {
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" || simulatedName != "cells.h5ad" {
		t.Skip("set CELLVI_PYTHON to a Python that has what testdata/requirements.txt lists; the build needs HDF5")
	}
	hollow, short := filepath.Join(t.TempDir(), "hollow.h5ad"), filepath.Join(t.TempDir(), "short.h5ad")
	if out, err := exec.Command(python, "-c", headerScript, hollow, short).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for path, want := range map[string]string{
		hollow: "/X/data: claims 2147483658 values, but only 0 bytes are stored: the file is truncated or damaged",
		short:  "/X/indptr: ends at 2147483658, but data has 1000 values: the file is truncated or damaged",
	} {
		code, _, stderr := inspectFile(t, path)
		if code != 65 || stderr != "cellvi: "+path+": "+want+"\n" {
			t.Errorf("exit code %d, %q, want %q", code, stderr, want)
		}
	}
}
