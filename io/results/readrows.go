package results

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// ReadRows reads a row group of a table of text and float32 without nulls, such as
// Writer writes, into rows at … of cols, which are the file's columns in its order with
// room for them. Another table is a *counts.InputError. It takes a time that grows with
// the columns' number; that of Read, which takes any table, grows with its square.
func (r *Reader) ReadRows(group int, cols []Column, at int) error {
	return r.guard(func() error {
		rows, n := r.parquet.RowGroup(group), int(r.GroupRows(group))
		if names := r.Columns(); len(names) != len(cols) || rows.NumColumns() != len(cols) {
			return fmt.Errorf("it has %d columns, not %d", len(names), len(cols))
		}
		for i := range cols {
			column, err := rows.Column(i)
			if err != nil {
				return err
			}
			if err := errors.Join(readColumn(column, &cols[i], at, at+n), column.Close()); err != nil {
				return fmt.Errorf("column %s: %w", cols[i].Name, err)
			}
		}
		return nil
	})
}

// readColumn reads rows at … end−1 of c.
func readColumn(column file.ColumnChunkReader, c *Column, at, end int) error {
	d := column.Descriptor()
	if d.Name() != c.Name || d.MaxDefinitionLevel() > 0 || d.MaxRepetitionLevel() > 0 {
		return fmt.Errorf("%s is there, or nulls", d.Name())
	}
	read := func() (int, error) { return 0, fmt.Errorf("it is of type %s", column.Type()) }
	switch column := column.(type) {
	case *file.Float32ColumnChunkReader:
		if c.Float32 != nil {
			read = func() (n int, err error) {
				_, n, err = column.ReadBatchInPage(int64(end-at), c.Float32[at:end], nil, nil)
				return n, err
			}
		}
	case *file.ByteArrayColumnChunkReader:
		if c.String != nil {
			text := make([]parquet.ByteArray, end-at)
			read = func() (n int, err error) {
				_, n, err = column.ReadBatchInPage(int64(end-at), text, nil, nil)
				copyText(c.String[at:], text[:n]) // now: the page's memory is used again
				return n, err
			}
		}
	}
	for at < end {
		n, err := read()
		if err == nil && n == 0 {
			err = fmt.Errorf("%d rows are missing", end-at)
		}
		if err != nil {
			return err
		}
		at += n
	}
	return nil
}

// copyText copies text in one piece, of which the values are parts.
func copyText(to []string, from []parquet.ByteArray) {
	size := 0
	for _, t := range from {
		size += len(t)
	}
	whole := make([]byte, 0, size)
	for _, t := range from {
		whole = append(whole, t...)
	}
	text := string(whole)
	for i, t := range from {
		to[i], text = text[:len(t)], text[len(t):]
	}
}
