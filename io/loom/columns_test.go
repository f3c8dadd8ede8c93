//go:build cgo

package loom

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
	"cellvi/io/hdf5"
)

// wide is a file of one gene with ten attributes of cells, each in one chunk.
func wide(t *testing.T, n int64) string {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i)
	}
	f := sound()
	f.genes, f.cells, f.matrices = 1, n, map[string][]float64{"matrix": make([]float64, n)}
	f.rows, f.cols = []counts.Column{texted("Gene", "A")}, nil
	f.more = func(t testing.TB, root *hdf5.Group) {
		cols, err := root.OpenGroup("col_attrs")
		check(t, err)
		for i := range 10 {
			keep(hdf5.WriteArray(cols, fmt.Sprint("a", i), []int64{n}, ids, hdf5.Layout{Chunk: n, Gzip: 1}))(t)
		}
		check(t, cols.Close())
	}
	return f.write(t)
}

// TestChunksTogether: the chunks of all attributes must fit the memory together,
// and it is said before they are read where they do not.
func TestChunksTogether(t *testing.T) {
	path := wide(t, 150_000)
	_, err := Open(path, Options{Memory: 16e6})
	var memory *counts.MemoryError
	want := path + ": /col_attrs: a chunk of each of 10 columns has to be in memory: reading it needs 29 MB, the reader may take 16 MB: raise --memory, or write the annotations in smaller chunks"
	if !errors.As(err, &memory) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	countstest.Closed(t, path)
	r, err := Open(path, Options{Memory: 32e6})
	check(t, err)
	defer r.Close()
	all, err := countstest.ReadAll(r)
	check(t, err)
	if ids := all.Obs.Columns[9].Ints; len(ids) != 150_000 || ids[149_999] != 149_999 {
		t.Errorf("%d rows", len(ids))
	}
}

// TestTooLarge: unsigned numbers beyond int64 are exact in names, and else left out
// with a note.
func TestTooLarge(t *testing.T) {
	f := sound()
	f.cols = nil
	big := []uint64{math.MaxUint64, 1, math.MaxInt64 + 1}
	f.more = func(t testing.TB, root *hdf5.Group) {
		cols, err := root.OpenGroup("col_attrs")
		check(t, err)
		keep(hdf5.WriteArray(cols, "CellID", []int64{3}, big, hdf5.Layout{}))(t)
		keep(hdf5.WriteArray(cols, "beyond", []int64{3}, big, hdf5.Layout{}))(t)
		keep(hdf5.WriteArray(cols, "within", []int64{3}, []uint64{1, 2, math.MaxInt64}, hdf5.Layout{}))(t)
		check(t, cols.Close())
	}
	r, err := Open(f.write(t), Options{})
	check(t, err)
	defer r.Close()
	want := []string{"attribute beyond of cells is left out: it holds numbers above 9223372036854775807, the first in row 0"}
	if !slices.Equal(r.Notes(), want) || !slices.Equal(r.Obs().ColumnNames(), []string{"within"}) {
		t.Errorf("notes %q, columns %v", r.Notes(), r.Obs().ColumnNames())
	}
	names, err := r.CellNames(context.Background())
	if err != nil || !slices.Equal(names, []string{"18446744073709551615", "1", "9223372036854775808"}) {
		t.Errorf("%q, %v", names, err)
	}
}

// TestScaleOffset: a filter that packs without a bound makes no cells out of nothing.
func TestScaleOffset(t *testing.T) {
	_, err := Open("testdata/claims.loom", Options{})
	want := "testdata/claims.loom: /matrix: claims 4294967294 values, but only "
	var input *counts.InputError
	if !errors.As(err, &input) || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), hdf5.Damaged) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
