// Package tenx reads the HDF5 files that 10x Genomics' Cell Ranger and Space Ranger
// write: *_feature_bc_matrix.h5 of version 3 and later, with one matrix of features
// of several types, and *_gene_bc_matrices_h5.h5 of version 2, with one of each
// genome.
//
// Data in: a path, and which genome and which types of features. Data out:
// counts.Table piece by piece (Open), what a file holds (Describe). Genes are named
// by their symbols, which may repeat; names and annotations are those that
// scanpy.read_10x_h5 gives. What is left out is said in Notes.
//
// Memory does not grow with the number of cells: the matrix is stored cell by cell
// and read by ranges of them, barcodes too. Annotations of genes are held.
// libhdf5 can die by signal on a damaged file: read files of unknown origin in a
// child process.
//
// Stages may import it; it imports io/counts, io/hdf5 and io/h5matrix.
package tenx
