// Package h5ad reads AnnData files (.h5ad, HDF5) of every version, 0.5 to 0.13, as
// tools in Python, R and Julia write them, and writes those of anndata 0.8 on.
//
// Before 0.7 obs and var are tables of records with levels in uns (records.go), X
// of one gene may lie along one axis (vector.go), and raw/X is called raw.X. From
// 0.7 on they are groups of columns (frame.go, column.go). Of uns nothing else is
// read. Columns that have no place in a table are left out with a note.
//
// To a file that is there already, which is to be a copy, arrays of obsm, columns of
// obs and layers are added (Addition, add.go); all else in it stays as it is.
//
// Data in: a path, and which matrix: X, layers/NAME or raw/X, stored CSR, CSC
// or dense. Data out: counts.Table piece by piece (Open), what a file holds
// (Describe), a new file (Create), or a file with more in it (OpenAdder).
//
// Memory does not grow with the number of cells: CSR and dense are read by
// ranges of cells, CSC by several passes that each fit a budget, annotations
// by ranges of rows, of which one chunk a column is kept (h5matrix.Options.FitColumns). Whatever a
// file says about itself is checked before use, but libhdf5 can die by signal on a
// damaged file: read files of unknown origin in a child process.
//
// Stages may import it; it imports io/counts, io/hdf5 and io/h5matrix.
package h5ad
