//go:build cgo

package h5ad

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
	"cellvi/io/hdf5"
)

// wholeChunks writes a file in which the frame that is named has three columns, as
// R writes them, each in one chunk of n rows.
func wholeChunks(t *testing.T, frame, other string, n int64, shape []int64) string {
	path := filepath.Join(t.TempDir(), "chunk.h5ad")
	f, err := hdf5.Create(path)
	check(t, err)
	root, err := f.Root()
	check(t, err)
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i)
	}
	g, err := root.CreateGroup(frame)
	check(t, err)
	for _, name := range []string{"index", "a", "b"} {
		keep(hdf5.WriteArray(g, name, []int64{n}, ids, hdf5.Layout{Chunk: n, Gzip: 1}))(t)
	}
	g.Close()
	check(t, writeFrame(root, other, &counts.Frame{Names: []string{"one"}}, 0))
	keep(hdf5.WriteArray(root, "X", shape, make([]int8, n), hdf5.Layout{}))(t)
	root.Close()
	check(t, f.Close())
	return path
}

// TestColumnsInOneChunk reads annotations of cells and of genes in large chunks where
// the memory allows for them together, and else says so before it reads.
func TestColumnsInOneChunk(t *testing.T) {
	const n = 150_000
	cells := wholeChunks(t, "obs", "var", n, []int64{n, 1})
	genes := wholeChunks(t, "var", "obs", n, []int64{1, n})
	for path, frame := range map[string]string{cells: "/obs", genes: "/var"} {
		_, err := Open(path, Options{Memory: 4e6})
		var memory *counts.MemoryError
		want := path + ": " + frame + ": a chunk of each of 3 columns has to be in memory: reading it needs 13 MB, the reader may take 4 MB: raise --memory, or write the annotations in smaller chunks"
		if !errors.As(err, &memory) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		r, err := Open(path, Options{Memory: 16e6})
		check(t, err)
		defer r.Close()
		all, err := countstest.ReadAll(r)
		check(t, err)
		read := &all.Obs
		if frame == "/var" {
			read = r.Genes()
		}
		for i := range n {
			if read.Names[i] != fmt.Sprint(i) || read.Columns[1].Ints[i] != int64(i) {
				t.Fatalf("row %d: %s %d", i, read.Names[i], read.Columns[1].Ints[i])
			}
		}
	}
}
