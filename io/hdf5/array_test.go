//go:build cgo

package hdf5

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// TestTooLarge: unsigned numbers beyond int64 are found wherever they stand, and
// names are exact.
func TestTooLarge(t *testing.T) {
	long := make([]uint64, 1<<16+3)
	long[1<<16+1] = math.MaxInt64 + 1
	root := created(t, func(root *Group) {
		done(WriteArray(root, "small", []int64{2}, []uint64{1, math.MaxInt64}, Layout{}))(t)
		done(WriteArray(root, "large", []int64{2}, []uint64{1, math.MaxUint64}, Layout{}))(t)
		done(WriteArray(root, "long", []int64{int64(len(long))}, long, Layout{}))(t)
		done(WriteArray(root, "signed", []int64{1}, []int64{math.MaxInt64}, Layout{}))(t)
		done(WriteArray(root, "none", []int64{0}, []uint64{}, Layout{}))(t)
	})
	for name, want := range map[string]string{"small": "", "signed": "", "none": "",
		"large": "holds numbers above 9223372036854775807, the first in row 1", "long": "holds numbers above 9223372036854775807, the first in row 65537"} {
		c, why, err := OpenColumn(root, name)
		if err != nil || why != "" {
			t.Fatalf("%s: %s %v", name, why, err)
		}
		if got, err := TooLarge(c.Values()); got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
		if name == "large" {
			if labels, err := c.Labels(0, 2); err != nil || !slices.Equal(labels, []string{"1", "18446744073709551615"}) {
				t.Errorf("labels %q, %v", labels, err)
			}
		}
		must(t, c.Close())
	}
}

// TestBitFields: a field of one-byte bits is numbers, a wider one is left to others,
// and unsigned numbers of a field are found as those of a dataset are.
func TestBitFields(t *testing.T) {
	f, err := Open("testdata/fields.h5")
	must(t, err)
	defer f.Close()
	root, err := f.Root()
	must(t, err)
	defer root.Close()
	d, err := root.OpenDataset("obs")
	must(t, err)
	defer d.Close()
	fields, err := d.Fields()
	must(t, err)
	if len(fields) != 3 || fields[1].Type().Class != Integer || fields[2].Type().Class != Other {
		t.Fatalf("fields %v", fields)
	}
	ints, floats := make([]int64, 3), make([]float64, 3)
	if err := ReadField(fields[1], ints, 1); err != nil || fmt.Sprint(ints) != "[1 0 1]" {
		t.Errorf("%v, %v", ints, err)
	}
	if err := ReadField(fields[1], floats, 1); err != nil || fmt.Sprint(floats) != "[1 0 1]" {
		t.Errorf("%v, %v", floats, err)
	}
	if why, err := TooLarge(fields[0]); err != nil || why != "holds numbers above 9223372036854775807, the first in row 0" {
		t.Errorf("%q, %v", why, err)
	}
	c, _ := NewColumn(fields[0], "id")
	if labels, err := c.Labels(3, 2); err != nil || fmt.Sprint(labels) != "[18446744073709551612 18446744073709551611]" {
		t.Errorf("%q, %v", labels, err)
	}
}
