//go:build cgo

package hdf5

// #include "shim.h"
// #include <stdlib.h>
import "C"

import (
	"fmt"
	"unsafe"
)

// maxFields bounds how many fields a record may claim.
const maxFields = 1 << 16

// Field is one field of the records of a dataset of one axis: a column of a
// table, as anndata before 0.7 wrote them. It lives as long as its Dataset.
type Field struct {
	d    *Dataset
	at   int // among the fields of the record
	name string
	t    Type
}

// Fields lists the fields of a dataset of records in the record's order; of one
// of other values it is a fault. A field that is an array is of class Other.
func (d *Dataset) Fields() ([]*Field, error) {
	if d.is.Class != Compound || len(d.is.shape) != 1 {
		return nil, d.file.fault(d.place, fmt.Sprintf("holds %s values in %d axes, records in one expected", d.is.Type, len(d.is.shape)), "")
	}
	enter()
	defer leave()
	n := C.h5x_field_count(C.hid_t(d.id))
	if n < 0 || n > maxFields || d.is.Size > maxText {
		return nil, d.file.fault(d.place, fmt.Sprintf("claims records of %d fields and %d bytes", n, d.is.Size), Damaged)
	}
	list := make([]*Field, n)
	for i := range list {
		var name *C.char
		var info C.h5x_info
		if C.h5x_field(C.hid_t(d.id), C.int(i), &name, &info) < 0 {
			return nil, d.failure("read", kept())
		}
		list[i] = &Field{d: d, at: i, name: C.GoString(name), t: typeOf(&info)}
		C.h5x_free_name(name)
	}
	return list, nil
}

// Name is the field's name.
func (f *Field) Name() string { return f.name }

// File is the file that the dataset is in.
func (f *Field) File() *File { return f.d.file }

// Place is the dataset's path and the field's name.
func (f *Field) Place() string { return f.d.place + "/" + f.name }

// Type is the type of the field's values in the file.
func (f *Field) Type() Type { return f.t }

// Len is the number of records.
func (f *Field) Len() int64 { return f.d.is.points }

// Plausible is that of the dataset.
func (f *Field) Plausible() error { return f.d.Plausible() }

// Close does nothing: the dataset is closed, not its fields.
func (f *Field) Close() error { return nil }

// ReadField fills dst from the field of the records from index first on, as Read
// converts.
func ReadField[T Number](f *Field, dst []T, first int64) error {
	if !f.t.Numeric() {
		return f.d.file.fault(f.Place(), fmt.Sprintf("holds %s values, numbers expected", f.t), "")
	}
	if err := f.checkRange(first, int64(len(dst))); err != nil || len(dst) == 0 {
		return err
	}
	name := C.CString(f.name)
	defer C.free(unsafe.Pointer(name))
	enter()
	defer leave()
	if C.h5x_read_field(C.hid_t(f.d.id), name, memory[T](), C.int64_t(first), C.int64_t(len(dst)), at(dst)) < 0 {
		return f.d.readFailure(kept())
	}
	return nil
}

// ReadTexts gives the field's strings in count records from index first on.
func (f *Field) ReadTexts(first, count int64) ([]string, error) {
	if f.t.Class != Text {
		return nil, f.d.file.fault(f.Place(), fmt.Sprintf("holds %s values, text expected", f.t), "")
	}
	if err := f.checkRange(first, count); err != nil {
		return nil, err
	}
	return inSteps(f.t.Size, first, count, f.readTexts)
}

func (f *Field) readTexts(first, count int64) ([]string, error) {
	name := C.CString(f.name)
	defer C.free(unsafe.Pointer(name))
	ends := make([]int64, count)
	var bytes *C.char
	enter()
	defer leave()
	if C.h5x_read_field_strings(C.hid_t(f.d.id), C.int(f.at), name, C.int64_t(first), C.int64_t(count), &bytes, ints(ends)) < 0 {
		return nil, f.d.readFailure(kept())
	}
	return unpacked(bytes, ends), nil
}

func (f *Field) checkRange(first, count int64) error {
	if first < 0 || count < 0 || first > f.d.is.points-count {
		return f.d.file.fault(f.Place(), fmt.Sprintf("has %d values, values %d to %d asked", f.d.is.points, first, first+count), Damaged)
	}
	return nil
}
