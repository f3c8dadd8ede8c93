package store

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"cellvi/io/counts"
)

// Header has the cell annotations' columns, with levels and without rows.
func (s *Store) Header() *counts.Frame { return s.header }

// Columns reads the named annotations of the cells of batch i, and nothing else
// of them: a Frame without names, its columns in the store's order. A name that
// the store does not have is not among them.
func (s *Store) Columns(i int, names ...string) (frame *counts.Frame, err error) {
	frame = &counts.Frame{}
	return frame, s.within(i, func(record arrow.RecordBatch) error {
		for k := range s.header.Columns {
			if !slices.Contains(names, s.header.Columns[k].Name) {
				continue
			}
			c := s.header.Columns[k].Header()
			if err := fillColumn(&c, record.Column(3+k)); err != nil {
				return s.cells.damaged("%v", err)
			}
			frame.Columns = append(frame.Columns, c)
		}
		return nil
	})
}
