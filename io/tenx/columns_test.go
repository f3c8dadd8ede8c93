//go:build cgo

package tenx

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
	"cellvi/io/hdf5"
)

// TestChunksTogether: the chunks of what is kept of cells must fit the memory
// together, and it is said before they are read where they do not.
func TestChunksTogether(t *testing.T) {
	const n = 150_000
	f := sound()
	f.shape, f.data, f.indices, f.indptr = []int64{4, n}, nil, nil, make([]int64, n+1)
	f.leaveOut = "barcodes"
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i)
	}
	f.more = func(t testing.TB, m, _ *hdf5.Group) {
		for _, name := range []string{"barcodes", "filtered_barcodes"} {
			keep(hdf5.WriteArray(m, name, []int64{n}, ids, hdf5.Layout{Chunk: n, Gzip: 1}))(t)
		}
	}
	path := write(t, f)
	for memory, found := range map[int64]string{
		8e6: "/matrix: a chunk of each of 2 columns has to be in memory: reading it needs 10 MB, the reader may take 8 MB: raise --memory, or write the annotations in smaller chunks",
		4e6: "/matrix/barcodes: one chunk holds 150000 values: reading it needs 8 MB, the reader may take 4 MB: raise --memory, or write it in smaller chunks",
	} {
		_, err := Open(path, Options{Memory: memory})
		var too *counts.MemoryError
		if want := path + ": " + found; !errors.As(err, &too) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		countstest.Closed(t, path)
	}
	r := open(t, path, Options{Memory: 10e6})
	if names, err := r.CellNames(context.Background()); err != nil || names[n-1] != fmt.Sprint(n-1) {
		t.Errorf("%v", err)
	}
}

// TestTooLarge: unsigned numbers beyond int64 are exact in names and identifiers,
// and else left out with a note.
func TestTooLarge(t *testing.T) {
	big := []uint64{math.MaxUint64, 1, 2, 3}
	exact := []string{"18446744073709551615", "1", "2"}
	f := sound()
	delete(f.texts, "id")
	f.leaveOut = "barcodes"
	f.more = func(t testing.TB, m, features *hdf5.Group) {
		keep(hdf5.WriteArray(m, "barcodes", []int64{3}, big[:3], hdf5.Layout{}))(t)
		keep(hdf5.WriteArray(features, "id", []int64{4}, big, hdf5.Layout{}))(t)
		keep(hdf5.WriteArray(features, "odd", []int64{4}, big, hdf5.Layout{}))(t)
	}
	r := open(t, write(t, f), Options{})
	if ids := r.Genes().Column("gene_ids").Strings; !slices.Equal(ids, exact) {
		t.Errorf("identifiers %q", ids)
	}
	if names, err := r.CellNames(context.Background()); err != nil || !slices.Equal(names, exact) {
		t.Errorf("names %q, %v", names, err)
	}
	if notes, want := r.Notes(), "gene annotation odd is left out: it holds numbers above 9223372036854775807, the first in row 0"; len(notes) == 0 || notes[0] != want {
		t.Errorf("notes %q", notes)
	}
}

// TestSameFile: what Is takes for version 3 is what Open reads as that.
func TestSameFile(t *testing.T) {
	for part, want := range map[string]bool{"": false, "indptr": true} {
		path := filepath.Join(t.TempDir(), "x.h5")
		f, err := hdf5.Create(path)
		check(t, err)
		root, err := f.Root()
		check(t, err)
		g, err := root.CreateGroup("matrix")
		check(t, err)
		if part != "" {
			keep(hdf5.WriteArray(g, part, []int64{1}, []int64{0}, hdf5.Layout{}))(t)
		}
		is, err := Is(root)
		check(t, errors.Join(err, g.Close(), root.Close(), f.Close()))
		said := path + ": holds no matrix of 10x Genomics: neither a group matrix nor one for each genome: give a *_feature_bc_matrix.h5"
		if want {
			said = path + ": /matrix: has no dataset shape: the file is truncated or damaged"
		}
		if _, err := Open(path, Options{}); is != want || err == nil || err.Error() != said {
			t.Errorf("%q: %v, %v", part, is, err)
		}
	}
}
