// Package wire carries a count table from one process to another over a pipe.
//
// HDF5 is read in a child process, because a damaged file can kill it: the
// child Sends what its reader yields, the parent Receives it as a
// counts.Reader. On the pipe stand a header (genes, columns and levels of the
// cells, how many cells), then an Arrow IPC stream of record batches: a batch
// is a Table, the last is empty and says that all was sent. All of it goes in
// frames with a checksum (see frames.go).
//
// Data in: a counts.Reader, or the bytes of a pipe, which are not trusted.
// Data out: those bytes, or a counts.Reader.
// stages imports it; it imports counts and Arrow.
package wire
