// Package counts holds the noun that every format shares: a Table of cells ×
// genes counts with annotations, and the Reader that yields it in pieces.
//
// Data in: nothing (readers of formats live in their own packages under io).
// Data out: Table, Frame, Column, Reader, InputError; Check, Fingerprint, Tidier
// and MakeUnique, which every format needs; and Readers around Readers: Concat,
// KeepCells, KeepGenes, AnnotateCells, AnnotateGenes, RenameGenes.
// Every package under io may import it, and stages; it imports none of cellvi.
package counts
