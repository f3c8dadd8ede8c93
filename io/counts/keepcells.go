package counts

import (
	"context"
	"errors"
	"io"
)

// KeepCells lets the cells of r through that meet every condition; file is what
// r reads, for errors. A condition on a column that is not there, or on values
// that the column cannot have, is an *InputError, and so is a table of which no
// cell is left, at its end.
//
// Cells of the Reader is that of r, the most that can come. It holds one Table of
// its own, and does not tell names (CellNamer) without being read. It owns r.
func KeepCells(r Reader, keeps []*Keep, file string) (*Kept, error) {
	s, err := newSieve(keeps, r.Obs(), cellAnnotations(), file)
	if err != nil {
		return nil, err
	}
	return &Kept{Reader: r, sieve: s, file: file}, nil
}

// Kept is the Reader that KeepCells makes.
type Kept struct {
	Reader
	sieve *sieve
	file  string
	table Table
}

// Notes are what is odd about the conditions: values that no level has.
func (k *Kept) Notes() []string { return k.sieve.notes() }

// LeftOut is how many cells were left out so far.
func (k *Kept) LeftOut() (cells int64) {
	for _, r := range k.sieve.report {
		cells += r.N
	}
	return cells
}

// Report tells, a condition each, how many cells went, of those read so far.
func (k *Kept) Report() []KeepReport { return k.sieve.report }

// Next gives the next cells that are kept.
func (k *Kept) Next(ctx context.Context) (*Table, error) {
	for {
		t, err := k.Reader.Next(ctx)
		if errors.Is(err, io.EOF) {
			if bad := k.sieve.nothingLeft("cell", cellAnnotations(), k.file); bad != nil {
				return nil, bad
			}
		}
		if err != nil {
			return nil, err
		}
		switch rows := k.sieve.sift(&t.Obs); len(rows) {
		case 0:
		case t.Cells():
			return t, nil
		default:
			k.table.take(t, rows)
			return &k.table, nil
		}
	}
}
