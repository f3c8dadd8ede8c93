//go:build cgo

package h5ad

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cellvi/io/hdf5"
)

// writeVector writes obs and var of n cells and m genes, and X along one axis.
func writeVector(t *testing.T, n, m int, x []float32) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vector.h5ad")
	f, err := hdf5.Create(path)
	check(t, err)
	root, err := f.Root()
	check(t, err)
	keep(hdf5.WriteArray(root, "X", []int64{int64(len(x))}, x, hdf5.Layout{}))(t)
	for frame, rows := range map[string]int{"obs": n, "var": m} {
		g, err := root.CreateGroup(frame)
		check(t, err)
		names := make([]string, rows)
		for i := range names {
			names[i] = frame + string(rune('a'+i))
		}
		keep(g.WriteTexts("index", names, hdf5.Layout{}))(t)
		g.Close()
	}
	root.Close()
	check(t, f.Close())
	return path
}

// TestVector reads X along one axis, as anndata before 0.7 wrote it for one gene or
// one cell.
func TestVector(t *testing.T) {
	oneGene := writeVector(t, 4, 1, []float32{3, 0, 0, 1})
	if got, err := factsOf(oneGene, Options{BatchCells: 3}); err != nil || got.Cells != 4 || got.Genes != 1 || got.Nnz != 2 || got.Total != 4 {
		t.Errorf("one gene: %+v, %v", got, err)
	}
	oneCell := writeVector(t, 1, 4, []float32{3, 0, 0, 1})
	if got, err := factsOf(oneCell, Options{}); err != nil || got.Cells != 1 || got.Genes != 4 || got.Nnz != 2 || got.Total != 4 {
		t.Errorf("one cell: %+v, %v", got, err)
	}
	neither := writeVector(t, 2, 2, []float32{3, 0, 0, 1})
	want := "/X: has shape [4], but there are 2 cells in obs and 2 genes in var: the file is truncated or damaged"
	if _, err := factsOf(neither, Options{}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestBothRaws refuses a file that has raw in the old and in the new style.
func TestBothRaws(t *testing.T) {
	path := filepath.Join(t.TempDir(), "raws.h5ad")
	f, err := hdf5.Create(path)
	check(t, err)
	root, err := f.Root()
	check(t, err)
	raw, err := root.CreateGroup("raw")
	check(t, err)
	for _, g := range []*hdf5.Group{raw, root} {
		sub, err := g.CreateGroup(map[bool]string{true: "X", false: "raw.X"}[g == raw])
		check(t, err)
		sub.Close()
	}
	raw.Close()
	root.Close()
	check(t, f.Close())
	want := path + ": /: has raw twice: as raw.X of anndata before 0.7 and as raw/X: delete one of them"
	if _, err := Open(path, Options{}); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// writeBeyond writes 65,537 cells of 32,768 stored zeros each, 1,000:1 compressed:
// the counts of the last cell stand beyond 2³¹.
const writeBeyond = `
import sys, h5py, numpy as np, zlib
rows, each, chunk = 65537, 32768, 1 << 20
n = rows * each
with h5py.File(sys.argv[1], "w", libver="earliest") as f:
    g = f.create_group("X")
    g.attrs["encoding-type"], g.attrs["shape"] = "csr_matrix", np.array([rows, 40000])
    zeros = zlib.compress(bytes(4 * chunk), 9)
    for name, last in (("data", 7), ("indices", 39999)):
        d = g.create_dataset(name, (n,), dtype="<i4", chunks=(chunk,), compression="gzip")
        for at in range(0, n, chunk):
            d.id.write_direct_chunk((at,), zeros)
        d[n - 1] = last
    g.create_dataset("indptr", data=np.arange(rows + 1, dtype="i8") * each)
    for frame, k in (("obs", rows), ("var", 40000)):
        f.create_group(frame).create_dataset("index", data=np.arange(k))
`

// TestBeyond32Bits reads counts that stand beyond 2³¹ in a file, without reading the
// 2³¹ before them.
func TestBeyond32Bits(t *testing.T) {
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" {
		t.Skip("set CELLVI_PYTHON to a Python that has h5py, to write a file of more than 2³¹ values")
	}
	path := filepath.Join(t.TempDir(), "beyond.h5ad")
	if out, err := exec.Command(python, "-c", writeBeyond, path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.first = 65535
	for _, cell := range []string{"65535", "65536"} {
		r.opt.BatchCells = 1
		tab, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		genes, values := tab.Row(0)
		last := cell == "65536"
		if tab.Obs.Names[0] != cell || last != (len(genes) == 1 && genes[0] == 39999 && values[0] == 7) || !last && len(genes) > 0 {
			t.Errorf("cell %s: genes %v values %v", tab.Obs.Names[0], genes, values)
		}
	}
}
