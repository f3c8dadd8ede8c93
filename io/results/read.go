package results

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"

	"cellvi/io/counts"
)

// Table is a whole file, or columns of one of its row groups.
type Table struct {
	Index    string // the column that pandas takes as its index; "" where the file names none
	Columns  []Column
	Metadata map[string]string // the entries but those of pandas and Arrow
	Skipped  []string          // columns of types that no Column holds: "name (type)"
}

// Column finds a column by name; nil where there is none.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// Rows is the number of rows, as far as a column was read.
func (t *Table) Rows() int {
	if len(t.Columns) == 0 {
		return 0
	}
	return t.Columns[0].Len()
}

// Read reads a whole file, of results or of anyone: narrower integers widen
// (up to int32 to Int32, unsigned 32 bits to Int64), text may be dictionaries.
// A null is NaN in a float column, marked in Missing in the others. A file that
// is not Parquet, truncated or damaged is a *counts.InputError.
func Read(path string) (*Table, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close() // nothing was written to it
	t := &Table{Index: r.Index, Metadata: r.Metadata}
	err = r.guard(func() error {
		table, err := r.arrows.ReadTable(context.Background())
		if err != nil {
			return err
		}
		defer table.Release()
		return t.fill(table)
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// checkEnds looks for Parquet's magic at both ends: what fails first where a
// file is another or cut.
func checkEnds(f *os.File, path string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	head, tail := make([]byte, 4), make([]byte, 4)
	if _, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return err
	}
	if string(head) != "PAR1" {
		return &counts.InputError{File: path, Found: "this is not a Parquet file"}
	}
	if _, err := f.ReadAt(tail, max(0, info.Size()-4)); err != nil && err != io.EOF {
		return err
	}
	if !bytes.Equal(head, tail) || info.Size() < 12 {
		return &counts.InputError{File: path, Found: "the end of the file is missing", Advice: "it is truncated: write it again"}
	}
	return nil
}

// fill converts the columns of an Arrow table.
func (t *Table) fill(table arrow.Table) error {
	for i := range int(table.NumCols()) {
		field := table.Schema().Field(i)
		c, ok, err := convert(field, table.Column(i).Data())
		if err != nil {
			return err
		}
		if !ok {
			t.Skipped = append(t.Skipped, fmt.Sprintf("%s (%s)", field.Name, field.Type))
			continue
		}
		t.Columns = append(t.Columns, c)
	}
	return nil
}
