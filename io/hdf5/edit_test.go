//go:build cgo

package hdf5

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// edited runs edit on the root of a file that is open for it.
func edited(t *testing.T, path string, edit func(root *Group)) {
	t.Helper()
	f, err := OpenEdit(path)
	if err != nil {
		t.Fatal(err)
	}
	root, err := f.Root()
	if err != nil {
		t.Fatal(err)
	}
	edit(root)
	if err := errors.Join(root.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestEdit adds rows to a file, and removes a member and an attribute, each time that
// it is open.
func TestEdit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.h5")
	f, err := Create(path)
	must(t, err)
	must(t, f.Close())
	edited(t, path, func(root *Group) {
		d, err := CreateRows[float32](root, "rows", 5, 3)
		must(t, err)
		must(t, WriteRows(d, 1, []float32{1, 2, 3, 4, 5, 6}))
		must(t, WriteRows(d, 4, []float32{7, 8, 9}))
		must(t, d.Close())
		b, err := root.CreateBools("bools", 3)
		must(t, err)
		must(t, WriteRows(b, 1, []int8{1}))
		must(t, b.Close())
		must(t, root.SetTexts("names", []string{"a"}))
	})
	edited(t, path, func(root *Group) {
		d, err := root.OpenDataset("rows")
		must(t, err)
		got := make([]float32, 15)
		must(t, Read(d, got, []int64{0, 0}, []int64{5, 3}))
		if want := []float32{0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 7, 8, 9}; !slices.Equal(got, want) {
			t.Errorf("rows are %v, want %v", got, want)
		}
		must(t, d.Close())
		must(t, root.Remove("rows"))
		must(t, root.RemoveAttr("names"))
		if err := root.Remove("rows"); err == nil || !strings.HasPrefix(err.Error(), path+": /rows: HDF5 cannot write it") {
			t.Errorf("removing what is not there: %v", err)
		}
		if same, err := root.SameFile(root); err != nil || !same {
			t.Errorf("the same group lies in another file: %v", err)
		}
	})
	edited(t, path, func(root *Group) {
		names, err := root.Names()
		must(t, err)
		has, err := root.HasAttr("names")
		must(t, err)
		if !slices.Equal(names, []string{"bools"}) || has {
			t.Errorf("left are %v, attribute %v", names, has)
		}
		b, err := root.OpenDataset("bools")
		must(t, err)
		defer b.Close()
		got, err := ReadAll[int64](b)
		must(t, err)
		if b.Type().Class != Bool || !slices.Equal(got, []int64{0, 1, 0}) {
			t.Errorf("%v are %v", b.Type(), got)
		}
	})
	if _, err := OpenEdit(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}
