// Package textfile reads a text file, plain or gzip, by whole lines.
//
// Data in: a path. Data out: lines, singly (File.Line) or as many as the buffer
// holds (File.Piece), with their numbers; fields of a line (Splitter) and numbers
// (Number). A file that is neither text nor gzip, damaged or truncated is a
// *counts.InputError that says the line.
//
// Memory is one buffer of half a megabyte, or three times the longest line where
// that is more; beyond Options.Memory it is a *counts.MemoryError. With two threads
// or more, gzip is decompressed ahead, a megabyte at most.
//
// The packages of formats that are text import it; it imports io/counts.
package textfile
