//go:build cgo

package loom

import (
	"context"
	"path/filepath"
	"testing"

	"cellvi/io/hdf5"
)

// TestOneColumnOfTwoAxes: Matlab writes names as one row or one column of two axes.
func TestOneColumnOfTwoAxes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.loom")
	f, err := hdf5.Create(path)
	check(t, err)
	root, err := f.Root()
	check(t, err)
	write := func(g *hdf5.Group, name string, shape []int64, v []int32, l hdf5.Layout) {
		d, err := hdf5.WriteArray(g, name, shape, v, l)
		check(t, err)
		d.Close()
	}
	write(root, "matrix", []int64{2, 3}, []int32{1, 2, 3, 4, 5, 6}, hdf5.Layout{})
	for group, column := range map[string]struct {
		name  string
		shape []int64
		v     []int32
	}{"row_attrs": {"Gene", []int64{2, 1}, []int32{7, 8}}, "col_attrs": {"CellID", []int64{1, 3}, []int32{4, 5, 6}}} {
		g, err := root.CreateGroup(group)
		check(t, err)
		write(g, column.name, column.shape, column.v, hdf5.Layout{})
		g.Close()
	}
	root.Close()
	check(t, f.Close())
	r, err := Open(path, Options{})
	check(t, err)
	defer r.Close()
	table, err := r.Next(context.Background())
	check(t, err)
	if genes := r.Genes().Names; genes[0] != "7" || genes[1] != "8" || table.Obs.Names[0] != "4" || table.Obs.Names[2] != "6" {
		t.Errorf("genes %q, cells %q", genes, table.Obs.Names)
	}
}
