//go:build cgo

package hdf5

import (
	"bytes"
	"os"

	"cellvi/io/counts"

	gonum "gonum.org/v1/hdf5"
)

// File is an open HDF5 file. Close what was opened in it first.
type File struct {
	path string
	f    *gonum.File
}

// Open opens a file for reading. A file that is missing or unreadable gives
// the operating system's error, one that is not HDF5 or cut short an
// InputError.
func Open(path string) (*File, error) { return open(path, gonum.F_ACC_RDONLY) }

// signature begins an HDF5 file, if not after a user block of 512 bytes or more.
const signature = "\x89HDF\r\n\x1a\n"

// open opens a file that is there; mode is libhdf5's.
func open(path string, mode int) (*File, error) {
	head, err := readable(path)
	if err != nil {
		return nil, err
	}
	enter()
	defer leave()
	// Of a file with the signature, IsHDF5 says no where the disk failed: opening tells.
	if !bytes.HasPrefix(head, []byte(signature)) && !gonum.IsHDF5(path) {
		return nil, notHDF5(path, head)
	}
	if err := registerLZF(); err != nil {
		return nil, failure("open", path, "", err)
	}
	f, err := gonum.OpenFile(path, mode)
	if err != nil {
		return nil, failure("open", path, "", keep())
	}
	return &File{path: path, f: f}, nil
}

// Create makes a file, replacing what was there. The caller publishes it:
// nothing is synced to disk.
func Create(path string) (*File, error) {
	probe, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, err
	}
	if err := probe.Close(); err != nil {
		return nil, err
	}
	enter()
	defer leave()
	f, err := gonum.CreateFile(path, gonum.F_ACC_TRUNC)
	if err != nil {
		return nil, failure("write", path, "", keep())
	}
	return &File{path: path, f: f}, nil
}

// Path is the file's name as given to Open or Create.
func (f *File) Path() string { return f.path }

// Root opens the group "/".
func (f *File) Root() (*Group, error) {
	enter()
	defer leave()
	g, err := f.f.OpenGroup("/")
	if err != nil {
		return nil, failure("read", f.path, "/", keep())
	}
	return newGroup(f, "/", g), nil
}

// Close closes the file; for a file being written this is where the last
// bytes go out, so the error counts.
func (f *File) Close() error {
	enter()
	defer leave()
	if err := f.f.Close(); err != nil {
		return failure("write", f.path, "", keep())
	}
	return nil
}

// fault is an InputError of this file.
func (f *File) fault(place, found, advice string) error {
	return &counts.InputError{File: f.path, Place: place, Found: found, Advice: advice}
}
