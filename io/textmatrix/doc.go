// Package textmatrix reads dense tables of counts in text: CSV, TSV and their like,
// plain or gzip.
//
// Data in: a path, and which way round the table is. Data out: counts.Table piece
// by piece (Open), or what the file holds (Describe). The first line names the
// columns, the first field of each line the row.
//
// The file is read once to count rows and check that each has as many fields as it
// must. Rows that are cells are then read as they are asked for, with memory for
// some lines; names of the columns are held. Where rows are genes, counts are
// sorted by cell in as many passes as Options.Memory asks (counts.ByCell), and
// the names of rows and columns are held.
//
// Stages may import it; it imports io/counts and io/textfile.
package textmatrix
