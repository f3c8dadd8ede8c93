//go:build cgo

package hdf5

// #cgo LDFLAGS: -lhdf5 -ldeflate
// #cgo darwin CFLAGS: -I/usr/local/include
// #cgo darwin LDFLAGS: -L/usr/local/lib
// #cgo linux CFLAGS: -I/usr/local/include -I/usr/include/hdf5/serial
// #cgo linux,amd64 LDFLAGS: -L/usr/local/lib -L/usr/lib/x86_64-linux-gnu/hdf5/serial
// #cgo linux,arm64 LDFLAGS: -L/usr/local/lib -L/usr/lib/aarch64-linux-gnu/hdf5/serial
// #include "shim.h"
// #include <stdlib.h>
import "C"

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

// library is held during every call of libhdf5, which most builds of it need:
// the only state of this package, because libhdf5 has one for the process.
var library sync.Mutex

// enter takes the lock and stays on one thread, since thread-safe builds of
// libhdf5 keep the error texts, and whether they are printed, per thread; leave
// undoes both.
func enter() {
	library.Lock()
	runtime.LockOSThread()
	C.h5x_silence()
}

func leave() {
	runtime.UnlockOSThread()
	library.Unlock()
}

// kept is the message that the shim kept of the call that just failed.
func kept() error { return errLibrary(C.GoString(C.h5x_error_text())) }

// keep is for a call that gonum made and that just failed.
func keep() error {
	C.h5x_keep_error()
	return kept()
}

func check(rc C.int) error {
	if rc < 0 {
		return kept()
	}
	return nil
}

// facts is what one dataset or attribute is.
type facts struct {
	Type
	null   bool
	shape  []int64 // empty for a scalar
	points int64
}

func describe(id int64, isAttr bool) (facts, error) {
	var c C.h5x_info
	if err := check(C.h5x_describe(C.hid_t(id), flag(isAttr), &c)); err != nil {
		return facts{}, err
	}
	f := facts{Type: typeOf(&c), null: c.is_null != 0, points: int64(c.points)}
	for i := range int(c.rank) {
		f.shape = append(f.shape, int64(c.dims[i]))
	}
	return f, nil
}

func typeOf(c *C.h5x_info) Type {
	return Type{Class: Class(c.cls), Size: int(c.size), Signed: c.is_signed != 0,
		False: int64(c.enum_false), True: int64(c.enum_true)}
}

func flag(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

func kindOf(loc int64, name string) (Kind, error) {
	s := C.CString(name)
	defer C.free(unsafe.Pointer(s))
	k := C.h5x_kind(C.hid_t(loc), s)
	if k != C.H5X_UNKNOWN {
		return Kind(k), check(k)
	}
	// libhdf5 cannot look below a group that is not there either: that is absent. But what
	// the disk failed to give may be there, and must not be passed over.
	if err := kept(); errno(err.Error()) != 0 {
		return Absent, err
	}
	return Absent, nil
}

func hasAttr(obj int64, name string) (bool, error) {
	s := C.CString(name)
	defer C.free(unsafe.Pointer(s))
	rc := C.h5x_has_attr(C.hid_t(obj), s)
	return rc > 0, check(rc)
}

func filtersOf(dset int64) ([]Filter, error) {
	var ids, available [32]C.int
	n := C.h5x_filters(C.hid_t(dset), &ids[0], &available[0], 32)
	if n < 0 {
		return nil, kept()
	}
	list := make([]Filter, n)
	for i := range list {
		list[i] = Filter{ID: int(ids[i]), Available: available[i] != 0}
	}
	return list, nil
}

// registerLZF teaches libhdf5 to read h5py's own compression.
func registerLZF() error { return check(C.h5x_register_lzf()) }

func chunkOf(dset int64) ([]int64, error) {
	var dims [C.H5S_MAX_RANK]C.int64_t
	n := C.h5x_chunk(C.hid_t(dset), &dims[0])
	if n < 0 {
		return nil, kept()
	}
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(dims[i])
	}
	return out, nil
}

func storageOf(dset int64) int64 { return int64(C.h5x_storage(C.hid_t(dset))) }

func openObjects(file int64) int { return int(C.h5x_open_objects(C.hid_t(file))) }

// memory names the Go type to the shim.
func memory[T Stored]() C.int {
	switch any(*new(T)).(type) {
	case float64:
		return C.H5X_FLOAT64
	case float32:
		return C.H5X_FLOAT32
	case int64:
		return C.H5X_INT64
	case int32:
		return C.H5X_INT32
	case uint64:
		return C.H5X_UINT64
	case int16:
		return C.H5X_INT16
	}
	return C.H5X_INT8
}

// at points to the first of v; v is not empty.
func at[T any](v []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(v)) }

func ints(v []int64) *C.int64_t { return (*C.int64_t)(at(v)) }

// readNumbers fills dst, not empty, from the block at start of count values a side.
func readNumbers[T Number](dset int64, start, count []int64, dst []T) error {
	return check(C.h5x_read(C.hid_t(dset), memory[T](), C.int(len(count)), ints(start), ints(count), at(dst)))
}

func readAttrNumbers[T Number](attr int64, dst []T) error {
	return check(C.h5x_read_attr(C.hid_t(attr), memory[T](), C.int64_t(len(dst)), at(dst)))
}

// readStrings gives count strings, at least one, from start on; an attribute is read whole.
func readStrings(id int64, isAttr bool, start, count int64) ([]string, error) {
	ends := make([]int64, count)
	var bytes *C.char
	if C.h5x_read_strings(C.hid_t(id), flag(isAttr), C.int64_t(start), C.int64_t(count), &bytes, ints(ends)) < 0 {
		return nil, kept()
	}
	return unpacked(bytes, ends), nil
}

// unpacked are the strings that the shim packed, which it frees.
func unpacked(bytes *C.char, ends []int64) []string {
	defer C.free(unsafe.Pointer(bytes))
	all := string(unsafe.Slice((*byte)(unsafe.Pointer(bytes)), ends[len(ends)-1]))
	out, from := make([]string, len(ends)), int64(0)
	for i, end := range ends {
		out[i], from = all[from:end], end
	}
	return out
}

// reference is the path of the object that an attribute refers to.
func reference(attr int64) (string, error) {
	var name [4096]C.char
	if err := check(C.h5x_reference(C.hid_t(attr), &name[0], C.size_t(len(name)))); err != nil {
		return "", err
	}
	return C.GoString(&name[0]), nil
}

func setUTF8(datatype int64) error  { return check(C.h5x_set_utf8(C.hid_t(datatype))) }
func makeBool(datatype int64) error { return check(C.h5x_make_bool(C.hid_t(datatype))) }
func noTimes(plist int64) error     { return check(C.h5x_no_times(C.hid_t(plist))) }

func extend(dset, rows int64) error { return check(C.h5x_extend(C.hid_t(dset), C.int64_t(rows))) }

// writeNumbers writes v, not empty; asIs says that v's bytes have the file's type already.
func writeNumbers[T Stored](dset int64, asIs bool, start, count []int64, v []T) error {
	return check(C.h5x_write(C.hid_t(dset), memory[T](), flag(asIs), C.int(len(count)), ints(start), ints(count), at(v)))
}

func writeAttrNumbers[T Stored](attr int64, asIs bool, v []T) error {
	return check(C.h5x_write_attr(C.hid_t(attr), memory[T](), flag(asIs), at(v)))
}

// writeStrings writes all of v, not empty, to a dataset or attribute of variable-length strings.
func writeStrings(id int64, isAttr bool, v []string) error {
	packed, starts := []byte{}, make([]int64, len(v))
	for i, s := range v {
		starts[i] = int64(len(packed))
		packed = append(append(packed, s...), 0)
		if strings.IndexByte(s, 0) >= 0 {
			return errors.New("a text holds a NUL character, which HDF5 strings cannot")
		}
	}
	return check(C.h5x_write_strings(C.hid_t(id), flag(isAttr), C.int64_t(len(v)), (*C.char)(at(packed)), ints(starts)))
}
