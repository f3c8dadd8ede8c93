package counts

import "context"

// Reader yields a count table piece by piece, cells in the file's order.
//
// Genes and Obs are known as soon as the Reader is open. Next returns io.EOF
// after the last cell, and from then on. The Table it returns is the caller's
// until the next call of Next, which may overwrite it. A Reader is used by one
// goroutine at a time. Close may be called at any time, once.
type Reader interface {
	// Genes are the columns of the table: names (as in the file, perhaps
	// repeated) and annotations.
	Genes() *Frame
	// Obs has the cell annotations' columns with kinds and levels but no rows;
	// every Table of Next has these columns in this order.
	Obs() *Frame
	// Cells is the number of cells to come in all. Where cells are left out on the
	// way (KeepCells, and what reads from it), it is the most that can come.
	Cells() int64
	// Next gives the next cells, at least one, at most a few thousand.
	Next(ctx context.Context) (*Table, error)
	Close() error
}
