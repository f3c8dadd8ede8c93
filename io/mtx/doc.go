// Package mtx reads counts in Matrix Market text beside the names of cells and
// genes: folders of Cell Ranger (genes.tsv or features.tsv), STARsolo, kallisto
// bustools, alevin and GEO, gzip or plain.
//
// Data in: a folder, or the matrix file itself. Data out: counts.Table piece by
// piece (Open), or what the files hold (Describe).
//
// The matrix is read once to count and check its entries; where they come cell by
// cell, as Cell Ranger and STARsolo write them, once more as cells are asked for,
// else as often as Options.Memory asks (counts.ByCell). Names of genes are held;
// names of cells are read as they are asked for.
//
// Stages may import it; it imports io/counts and io/textfile.
package mtx
