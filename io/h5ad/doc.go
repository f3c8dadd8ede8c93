// Package h5ad reads and writes AnnData files (.h5ad, HDF5) as anndata 0.7 to
// 0.12 writes them.
//
// Data in: a path, and which matrix: X, layers/NAME or raw/X, stored CSR, CSC
// or dense. Data out: counts.Table piece by piece (Open), what a file holds
// (Describe), or a new file (Create).
//
// Memory does not grow with the number of cells: CSR and dense are read by
// ranges of cells, CSC by several passes that each fit a budget, annotations
// by ranges of rows. Whatever a file says about itself is checked before use,
// but libhdf5 can die by signal on a damaged file: read files of unknown origin
// in a child process.
//
// Stages may import it; it imports io/counts and io/hdf5.
package h5ad
