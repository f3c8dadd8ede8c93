// Package hdf5 opens, reads and writes HDF5 files for the formats built on it
// (h5ad, 10x, loom). It is gonum.org/v1/hdf5 for files, groups, datasets and
// types, and one cgo file (lib.go, over shim_*.c) on the same libhdf5 for what
// gonum lacks or does wrongly: strings, attributes of arrays, enums, object
// references, filters (with a decoder of lzf), reads with an explicit memory type, error texts.
//
// Data in: HDF5 files of any version libhdf5 reads, by path.
// Data out: Group, Dataset, attributes, numbers and strings as Go slices; the fields
// of a dataset of records as columns (Field). A file is written anew (Create) or
// added to (OpenEdit).
//
// Filters that are not built in come as plugins, from the folder HDF5_PLUGIN_PATH.
//
// A Scan reads a dataset from front to back, by rows, by columns or by chunks, within
// a budget of memory, and undoes the filters of its chunks (gzip by libdeflate, lzf,
// shuffle) on several threads; what they do not know is left to libhdf5. A Column
// reads annotations: text, numbers or booleans of an Array, which is a dataset of
// one axis or a field.
//
// Where memory cannot be had, in libhdf5 as well, the error is the system's ENOMEM.
//
// libhdf5 is not thread-safe: one lock of this package is held during every
// call, so goroutines may share it but never run it side by side. libhdf5 can
// also die by signal on a damaged file, which no Go code can catch: read files
// of unknown origin in a child process.
//
// Without cgo the same names exist, and Open and Create say that HDF5 is not
// built in.
//
// Packages under io may import it; it imports io/counts for the error type.
package hdf5
