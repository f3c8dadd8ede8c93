// Package annotations reads annotations of cells or genes from text: CSV, TSV and
// what R writes, plain or gzip.
//
// Data in: a table with a header and a row a cell (or gene). The delimiter is a tab
// where the header has one, else a comma or a semicolon, else what the first row has,
// else a space. The names are the first column, which a header may lack the name of
// (R's write.csv leaves it empty, write.table leaves it out); they may repeat.
// Data out: a counts.Frame with the kinds that pandas.read_csv infers (but that numbers
// with zeros in front, such as 007, stay text): integers,
// floats, booleans (True, TRUE, true and their opposites), else strings. Empty
// fields and NA, NaN, null, None and the like are missing; integers and booleans
// with such stay what they are.
//
// Memory: the frame, some 20 bytes a value and every distinct text once a column
// while it is read; more than Options.Memory is a *counts.MemoryError.
//
// stages imports it; it imports io/counts and io/textfile. Arrow and Parquet files are read
// by arrowtable.ReadFrame.
package annotations
