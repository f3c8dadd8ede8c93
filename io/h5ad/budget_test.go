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

// TestColumnsInOneChunk reads annotations that R wrote, each in one chunk, where
// the memory allows for the chunks, and else says so before it reads.
func TestColumnsInOneChunk(t *testing.T) {
	const n = 150_000
	path := filepath.Join(t.TempDir(), "chunk.h5ad")
	f, err := hdf5.Create(path)
	check(t, err)
	root, err := f.Root()
	check(t, err)
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i)
	}
	obs, err := root.CreateGroup("obs")
	check(t, err)
	for _, name := range []string{"index", "a", "b"} {
		keep(hdf5.WriteArray(obs, name, []int64{n}, ids, hdf5.Layout{Chunk: n, Gzip: 1}))(t)
	}
	obs.Close()
	check(t, writeFrame(root, "var", &counts.Frame{Names: []string{"g"}}, 0))
	keep(hdf5.WriteArray(root, "X", []int64{n}, make([]int8, n), hdf5.Layout{}))(t)
	root.Close()
	check(t, f.Close())

	_, err = Open(path, Options{Memory: 4e6})
	var memory *counts.MemoryError
	want := path + ": /obs: a chunk of each of 3 columns has to be in memory: reading it needs 8 MB, the reader may take 4 MB: raise --memory, or write the annotations in smaller chunks"
	if !errors.As(err, &memory) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	r, err := Open(path, Options{Memory: 16e6})
	check(t, err)
	defer r.Close()
	all, err := countstest.ReadAll(r)
	check(t, err)
	for i := range n {
		if all.Obs.Names[i] != fmt.Sprint(i) || all.Obs.Columns[1].Ints[i] != int64(i) {
			t.Fatalf("row %d: %s %d", i, all.Obs.Names[i], all.Obs.Columns[1].Ints[i])
		}
	}
}
