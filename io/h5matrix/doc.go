// Package h5matrix reads matrices of counts in HDF5, cell by cell, in whichever way
// they are stored: compressed by cells (CSR) or by genes (CSC), or dense.
//
// Data in: the datasets of a matrix, which the format's package knows to find.
// Data out: the Indptr, Genes and Values of counts.Table (Matrix). Whatever a file
// says about itself is checked before use.
//
// Memory does not grow with the number of cells, and stays within Options.Memory
// whatever the chunks: those of a matrix are decoded once where whole cells fit, else
// chunk by chunk in several passes; a chunk that does not fit is refused before it
// is read. The counts do not depend on the memory.
//
// The packages of formats that are HDF5 import it; it imports io/counts and
// io/hdf5.
package h5matrix
