// Package arrowtable reads counts from Arrow and Parquet files as others write them:
// Arrow IPC files and streams, Feather version 2, Parquet, told by their first bytes,
// or a folder of such files with the same columns, in the order of their names.
//
// Data in: one table in one of three layouts. Where none is given, the first that
// fits is taken, in this order:
//
//   - list: a row a cell; a list of genes (column genes, gene, gene_ids, indices,
//     gene_indices, features or var, else the only list of text, else of whole
//     numbers) and a list of counts (counts, values, data, expressions, count, umis,
//     else the only list of numbers). Whole numbers are places, from 0, among
//     Options.Genes, or the names that the schema's entry genes, gene_names or
//     var_names has as JSON, or the genes.arrow beside the cells.arrow of a cellvi
//     store. Text names genes.
//   - long: a row a count; columns cell (or cell_id, barcode, obs), gene (or gene_id,
//     gene_name, feature, var) and count (or value, counts, umi, n), in any case.
//     Rows may be in any order, and repeats are summed. Cells come as they are met
//     first, whatever the order of a dictionary; categories that no row has are no
//     cells. Genes are those of Options.Genes in its order, else the categories of a
//     dictionary in theirs, counted or not, else as they are met first. Whole numbers
//     for genes are places among Options.Genes, else names. A further column
//     annotates cells, and must be the same in all rows of one; further columns named
//     for genes (gene_name beside gene_id, feature_type, …) annotate genes.
//   - wide: a row a cell; each column of numbers that Options.ObsColumns does not
//     name is a gene.
//
// Cells of wide tables and lists are named by the pandas index, of several levels
// by the only one of text (the others annotate), else by the first column called
// __index_level_0__, cell_id, cell, barcode, barcodes, CellID, index, obs_names, ""
// or "Unnamed: 0", else, where there is no text at all, by row numbers.
//
// Data out: a counts.Reader, in Notes how the table was taken; ReadFrame gives a
// whole file as a counts.Frame. Annotations: whole numbers of any width, floats and
// decimals, booleans, text, dictionaries (categorical, levels as text), times (as
// text, as Arrow writes them); other types are left out, which a note says. Nulls
// are missing; a null count, or a null list, is zero, which a note counts. Kinds
// and levels are those of the whole input.
//
// Memory: Options.Memory. A Parquet file is read by pages and by columns, a record
// batch of an IPC file by columns, all of it at once for the columns that are needed
// together. A wide table is read one gene after the other and sorted by cell
// (counts.ByCell), row group by row group: twice, or more often where its counts do
// not fit half the memory. Of a long table all names and annotations of cells are
// held, some 130 bytes a cell. What does not fit is a *counts.MemoryError.
//
// Headers are checked before arrow-go makes anything of them, for it allocates what
// they say; what else makes it panic becomes an error: see guard.
//
// stages imports it; it imports io/counts.
package arrowtable
