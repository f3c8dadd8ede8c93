// Package wire carries a count table from one process to another over a pipe.
//
// Files are read in a child process, because a damaged one can kill it: the
// child Sends what its reader yields, the parent Receives it as a
// counts.Reader. On the pipe stand messages: a header (format, genes, columns and
// levels of the cells, how many cells), then Tables, the last of them empty, which
// says that all was sent, then what the reader noted. Messages go in frames with a checksum (frames.go); a Table
// is arrays in the narrowest types that hold its numbers (encode.go), because
// every byte on a pipe is copied several times.
//
// Data in: a counts.Reader, or the bytes of a pipe, which are not trusted.
// Data out: those bytes, or a counts.Reader.
// stages imports it; it imports counts.
package wire
