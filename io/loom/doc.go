// Package loom reads loom files (.loom, HDF5), of versions 1 to 3: a dense matrix of
// genes × cells, layers of the same shape, and attributes of genes (row_attrs) and
// cells (col_attrs).
//
// Data in: a path, and which layer. Data out: counts.Table piece by piece, cells ×
// genes (Open), or what a file holds (Describe). Attributes are the annotations;
// Notes say which are left out, and what names cells and genes where that is not
// CellID and Gene. Text is given as it is: loompy 2 wrote what is not ASCII as
// XML's character references.
//
// Memory does not grow with the number of cells: see h5matrix for the matrix;
// attributes of cells are read by ranges. Annotations of genes are held. libhdf5 can
// die by signal on a damaged file: read files of unknown origin in a child process.
//
// Stages may import it; it imports io/counts, io/hdf5 and io/h5matrix.
package loom
