package store

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"cellvi/io/counts"
)

// Obs reads the annotations of all cells.
func (s *Store) Obs() (*counts.Frame, error) {
	all := s.header.Header()
	for i := range s.Batches() {
		part, err := s.obs(i)
		if err != nil {
			return nil, err
		}
		all.Append(part)
	}
	return &all, nil
}

// obs reads the annotations of batch i.
func (s *Store) obs(i int) (frame *counts.Frame, err error) {
	err = s.within(i, func(record arrow.RecordBatch) (err error) {
		frame, err = s.cells.frame(record, s.meta.Renamed)
		return err
	})
	return frame, err
}

// Names reads the names of the cells of batch i.
func (s *Store) Names(i int) (names []string, err error) {
	err = s.within(i, func(record arrow.RecordBatch) (err error) {
		names, err = s.cells.names(record)
		return err
	})
	return names, err
}

// Reader reads the store's cells from the first on, batch by batch. Its Close
// does not close the store. It also gives CellNames (see counts.CellNamer).
func (s *Store) Reader() counts.Reader { return &reader{store: s} }

type reader struct {
	store *Store
	next  int // batch
	rows  Rows
	table counts.Table
}

func (r *reader) Genes() *counts.Frame { return r.store.genes }
func (r *reader) Obs() *counts.Frame   { return r.store.header }
func (r *reader) Cells() int64         { return r.store.meta.Cells }
func (r *reader) Close() error         { return nil }

// CellNames lists all cells.
func (r *reader) CellNames(ctx context.Context) ([]string, error) {
	names := make([]string, 0, r.store.Cells())
	for i := range r.store.Batches() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		part, err := r.store.Names(i)
		if err != nil {
			return nil, err
		}
		names = append(names, part...)
	}
	return names, nil
}

func (r *reader) Next(ctx context.Context) (*counts.Table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.next == r.store.Batches() {
		return nil, io.EOF
	}
	if err := r.read(r.next); err != nil {
		return nil, err
	}
	r.next++
	return &r.table, nil
}

// read fills the table with batch i.
func (r *reader) read(i int) error {
	s := r.store
	return s.within(i, func(record arrow.RecordBatch) error {
		frame, err := s.cells.frame(record, s.meta.Renamed)
		if err != nil {
			return err
		}
		values, err := s.readGenesOf(record, i, &r.rows)
		if err != nil {
			return err
		}
		r.table.Values, err = readCounts(r.table.Values, values, s, i)
		r.table.Obs, r.table.Indptr, r.table.Genes = *frame, r.rows.Indptr, r.rows.Genes
		return err
	})
}
