// Package store is the cells store: what ingest writes once and every later
// stage reads, counts kept raw.
//
// Data in: a counts table, cell by cell. Data out: a folder with two Arrow IPC
// files, which pyarrow and polars open too:
//
//	cells.arrow  record batches of 1,024 cells (the last may be shorter):
//	             cell_id utf8, genes list<uint16|uint32> ascending,
//	             counts list<uint8|uint16|uint32|float32>, then the cell annotations
//	genes.arrow  one record batch, a row a gene: gene_id utf8, total float64,
//	             n_cells int64, then the gene annotations
//
// Annotations are dictionary<int32, utf8> for categories, utf8, int64, float64
// or bool; a missing value is an Arrow null. One whose name is taken by a column
// above is prefixed obs_ (genes: var_). The schema's metadata entry "cellvi" is
// JSON: see metadata. Both files carry checksums where Arrow leaves room: see
// trailer.go. cells.arrow is read through mmap, nothing copied but the numbers
// asked for. stages may import it; it imports io/counts alone.
package store
