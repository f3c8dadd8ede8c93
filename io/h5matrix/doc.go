// Package h5matrix reads matrices of counts in HDF5, cell by cell, in whichever way
// they are stored: compressed by cells (CSR) or by genes (CSC), or dense.
//
// Data in: the datasets of a matrix, which the format's package knows to find.
// Data out: the Indptr, Genes and Values of counts.Table (Matrix). Memory does not
// grow with the number of cells. Whatever a file says about itself is checked
// before use.
//
// The packages of formats that are HDF5 import it; it imports io/counts and
// io/hdf5.
package h5matrix
