//go:build cgo

package h5ad

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
	"cellvi/io/hdf5"
)

// TestUnsigned: an index and levels of unsigned numbers beyond int64 are exact, and
// a column of them is left out with a note.
func TestUnsigned(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.h5ad")
	f, err := hdf5.Create(path)
	check(t, err)
	root, err := f.Root()
	check(t, err)
	big := []uint64{math.MaxUint64, math.MaxInt64 + 1}
	texts := []string{"18446744073709551615", "9223372036854775808"}
	obs := group(t, root, "obs", "dataframe")
	for _, name := range []string{"index", "beyond"} {
		keep(hdf5.WriteArray(obs, name, []int64{2}, big, hdf5.Layout{}))(t)
	}
	levels := group(t, obs, "levels", "categorical")
	keep(hdf5.WriteArray(levels, "codes", []int64{2}, []int8{1, 0}, hdf5.Layout{}))(t)
	keep(hdf5.WriteArray(levels, "categories", []int64{2}, big, hdf5.Layout{}))(t)
	levels.Close()
	obs.Close()
	check(t, writeFrame(root, "var", &counts.Frame{Names: []string{"g"}}, 0))
	keep(hdf5.WriteArray(root, "X", []int64{2, 1}, []int8{1, 2}, hdf5.Layout{}))(t)
	root.Close()
	check(t, f.Close())

	r, err := Open(path, Options{})
	check(t, err)
	defer r.Close()
	if want := []string{"column beyond of obs is left out: it holds numbers above 9223372036854775807, the first in row 0"}; !slices.Equal(r.Notes(), want) {
		t.Errorf("notes %q", r.Notes())
	}
	all, err := countstest.ReadAll(r)
	check(t, err)
	c := all.Obs.Columns[0]
	if !slices.Equal(all.Obs.Names, texts) || c.Text(0) != texts[1] || c.Text(1) != texts[0] {
		t.Errorf("names %q, levels %q", all.Obs.Names, c.Levels)
	}
}
