//go:build cgo

package hdf5

// #include "shim.h"
// #include <stdlib.h>
import "C"

import (
	"os"
	"unsafe"

	gonum "gonum.org/v1/hdf5"
)

// OpenEdit opens a file to add objects to it and to remove some. Errors are those of
// Open, or the system's where the file may not be written. The caller publishes it:
// nothing is synced to disk. A program that dies before Close leaves a file that
// cannot be read: edit a copy.
func OpenEdit(path string) (*File, error) {
	if err := writable(path); err != nil {
		return nil, err
	}
	return open(path, gonum.F_ACC_RDWR)
}

func writable(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// Remove unlinks a member. The room that it took in the file stays taken.
func (g *Group) Remove(name string) error {
	enter()
	defer leave()
	s := C.CString(name)
	defer C.free(unsafe.Pointer(s))
	return failure("write", g.file.path, within(g.place, name), check(C.h5x_remove(C.hid_t(g.id), s)))
}

// RemoveAttr removes an attribute.
func (o *object) RemoveAttr(name string) error {
	enter()
	defer leave()
	s := C.CString(name)
	defer C.free(unsafe.Pointer(s))
	return o.failure("write", check(C.h5x_remove_attr(C.hid_t(o.id), s)))
}

// SameFile tells whether other lies in the file that g does: an external link leads
// to another.
func (g *Group) SameFile(other *Group) (bool, error) {
	enter()
	defer leave()
	rc := C.h5x_same_file(C.hid_t(g.id), C.hid_t(other.id))
	if rc < 0 {
		return false, other.failure("read", kept())
	}
	return rc > 0, nil
}

// CreateRows makes a dataset of that shape, contiguous, for WriteRows to fill.
func CreateRows[T Stored](g *Group, name string, shape ...int64) (*Dataset, error) {
	return g.create(name, numberType[T](), shape, Layout{}, func(int64) error { return nil })
}

// CreateBools makes a dataset of n booleans as h5py stores them, for WriteRows to
// fill with 0 and 1 of int8.
func (g *Group) CreateBools(name string, n int64) (*Dataset, error) {
	return g.create(name, boolType, []int64{n}, Layout{}, func(int64) error { return nil })
}

// WriteRows writes whole rows of a dataset, row-major, from row first on.
func WriteRows[T Stored](d *Dataset, first int64, v []T) error {
	if len(v) == 0 {
		return nil
	}
	start, count := make([]int64, len(d.is.shape)), append([]int64{}, d.is.shape...)
	width := int64(1)
	for _, n := range count[1:] {
		width *= n
	}
	start[0], count[0] = first, int64(len(v))/width
	enter()
	defer leave()
	return d.failure("write", writeNumbers(d.id, d.is.Class == Bool, start, count, v))
}
