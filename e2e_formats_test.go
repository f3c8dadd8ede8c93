package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/store"
)

// kin is one of several files that hold the same cells and counts.
type kin struct {
	path string
	args []string // flags that reading it needs
}

// TestSameCellsEveryFormat: the same cells give the same fingerprint, store and latent,
// whatever the format. These formats are written here; TestSameCellsFromPython has more.
func TestSameCellsEveryFormat(t *testing.T) {
	x, dir := newGrid(120, 40), t.TempDir()
	family := []kin{
		{x.csv(t, dir, "cells.csv", ",", false), nil},
		{x.csv(t, dir, "cells.tsv.gz", "\t", false), nil},
		{x.csv(t, dir, "genes.csv.gz", ",", true), []string{"--transpose"}},
		{x.csv(t, dir, "genes.txt", "\t", true), []string{"--transpose"}},
		{x.store(t, filepath.Join(dir, "store")), nil},
		{x.mtx(t, filepath.Join(dir, "v3"), "features.tsv.gz", ".gz"), nil},
		{x.mtx(t, filepath.Join(dir, "v2"), "genes.tsv", ""), nil},
	}
	sameFamily(t, family, x.fingerprint())
}

// sameFamily holds all files to the same fingerprint, and to the store, model and
// latent of the first.
func sameFamily(t *testing.T, family []kin, want string) {
	t.Helper()
	root, first := t.TempDir(), ""
	for i, k := range family {
		out := filepath.Join(root, fmt.Sprint(i))
		name := filepath.Base(k.path)
		t.Run(name, func(t *testing.T) {
			code, got, stderr := inspectFile(t, k.path, k.args...)
			if code != 0 || got.Fingerprint == nil || *got.Fingerprint != want {
				t.Fatalf("inspect: exit code %d, %+v, want fingerprint %s\n%s", code, got, want, stderr)
			}
			cellvi(t, 0, append([]string{"run", "--input", k.path, "--outdir", out, "--max-epochs", "2", "--no-reconstruct", "--seed", "5", "--threads", "2"}, k.args...)...)
			if first == "" {
				first = out
				return
			}
			sameCells(t, first, out)
		})
	}
}

// sameCells holds what two runs over the same cells made to the same bytes. Only the
// genes' annotations may differ, where one format has them and another has not.
func sameCells(t *testing.T, one, other string) {
	t.Helper()
	for _, file := range []string{"store/" + store.CellsFile, "latent.parquet", "model/model.safetensors", "history.parquet"} {
		if read(t, filepath.Join(one, file)) != read(t, filepath.Join(other, file)) {
			t.Errorf("%s has other bytes", file)
		}
	}
	a, b := openStore(t, one), openStore(t, other)
	if !slices.Equal(a.Genes().Names, b.Genes().Names) || !slices.Equal(a.GeneTotals(), b.GeneTotals()) || !slices.Equal(a.GeneCells(), b.GeneCells()) {
		t.Error("the genes are others")
	}
	if slices.Equal(columnNames(a.Genes()), columnNames(b.Genes())) &&
		read(t, filepath.Join(one, "store", store.GenesFile)) != read(t, filepath.Join(other, "store", store.GenesFile)) {
		t.Errorf("%s has other bytes, with the same annotations", store.GenesFile)
	}
}

func columnNames(f *counts.Frame) []string {
	var names []string
	for _, c := range f.Columns {
		names = append(names, c.Name)
	}
	return names
}

func openStore(t *testing.T, outdir string) *store.Store {
	t.Helper()
	s, err := store.Open(filepath.Join(outdir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// grid is a small table: cells × genes.
type grid struct {
	cells, genes []string
	counts       [][]int
}

func newGrid(cells, genes int) *grid {
	r, x := rand.New(rand.NewPCG(11, 12)), &grid{}
	for g := range genes {
		x.genes = append(x.genes, fmt.Sprintf("Gene-%d.%d", g, g%3))
	}
	for c := range cells {
		x.cells = append(x.cells, fmt.Sprintf("ACGT%04d-1", c))
		row := make([]int, genes)
		for g := range row {
			row[g] = max(0, r.IntN(30)-20) * (1 + c%3)
		}
		x.counts = append(x.counts, row)
	}
	x.counts[7][3] = 70_000 // beyond two bytes
	return x
}

// table is the counts, sparse.
func (x *grid) table() *counts.Table {
	t := &counts.Table{Obs: counts.Frame{Names: x.cells}, Indptr: []int64{0}}
	for _, row := range x.counts {
		for g, n := range row {
			if n > 0 {
				t.Genes, t.Values = append(t.Genes, uint32(g)), append(t.Values, float64(n))
			}
		}
		t.Indptr = append(t.Indptr, int64(len(t.Genes)))
	}
	return t
}

func (x *grid) fingerprint() string {
	var f counts.Fingerprint
	f.Add(x.table(), &counts.Frame{Names: x.genes})
	return f.Sum()
}

// csv writes text, a row a cell, or a row a gene.
func (x *grid) csv(t *testing.T, dir, name, comma string, genesFirst bool) string {
	rows, columns, at := x.cells, x.genes, func(r, c int) int { return x.counts[r][c] }
	if genesFirst {
		rows, columns, at = x.genes, x.cells, func(r, c int) int { return x.counts[c][r] }
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s\n", comma, strings.Join(columns, comma))
	for r, row := range rows {
		b.WriteString(row)
		for c := range columns {
			fmt.Fprintf(&b, "%s%d", comma, at(r, c))
		}
		b.WriteByte('\n')
	}
	return writePacked(t, filepath.Join(dir, name), b.String())
}

// mtx writes a folder as Cell Ranger does.
func (x *grid) mtx(t *testing.T, dir, genesFile, gz string) string {
	t.Helper()
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	var genes, entries strings.Builder
	for g, name := range x.genes {
		fmt.Fprintf(&genes, "ENSG%06d\t%s", g, name)
		if strings.HasPrefix(genesFile, "features") {
			genes.WriteString("\tGene Expression")
		}
		genes.WriteByte('\n')
	}
	n := 0
	for c, row := range x.counts {
		for g, v := range row {
			if v > 0 {
				fmt.Fprintf(&entries, "%d %d %d\n", g+1, c+1, v)
				n++
			}
		}
	}
	head := fmt.Sprintf("%%%%MatrixMarket matrix coordinate integer general\n%%\n%d %d %d\n", len(x.genes), len(x.cells), n)
	writePacked(t, filepath.Join(dir, "matrix.mtx"+gz), head+entries.String())
	writePacked(t, filepath.Join(dir, "barcodes.tsv"+gz), strings.Join(x.cells, "\n")+"\n")
	writePacked(t, filepath.Join(dir, genesFile), genes.String())
	return dir
}

// store writes cellvi's own.
func (x *grid) store(t *testing.T, dir string) string {
	t.Helper()
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	w, err := store.Create(dir, &counts.Frame{Names: x.genes}, &counts.Frame{}, store.Options{Count: store.Uint32})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(x.table()); err != nil {
		t.Fatal(err, w.Close())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// writePacked writes text, through gzip where the name says so.
func writePacked(t *testing.T, path, text string) string {
	t.Helper()
	if strings.HasSuffix(path, ".gz") {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		text = b.String()
	}
	writeText(t, path, text)
	return path
}
