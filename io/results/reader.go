package results

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"cellvi/io/counts"
)

// Reader is an open file, read row group by row group. It is used by one
// goroutine at a time. Memory is that of the row groups the caller keeps, plus
// one being decoded.
type Reader struct {
	Index    string            // the column that pandas takes as its index; "" where the file names none
	Metadata map[string]string // the entries but those of pandas and Arrow

	path    string
	file    *os.File
	parquet *file.Reader
	arrows  *pqarrow.FileReader
}

// Open opens a file, of results or of anyone, and reads its footer. A file that
// is not Parquet, truncated or damaged is a *counts.InputError.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &Reader{Metadata: map[string]string{}, path: path, file: f}
	err = checkEnds(f, path)
	if err == nil {
		err = r.guard(r.open)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

func (r *Reader) open() (err error) {
	if r.parquet, err = file.NewParquetReader(r.file); err != nil {
		return err
	}
	r.arrows, err = pqarrow.NewFileReader(r.parquet, pqarrow.ArrowReadProperties{BatchSize: rowGroup}, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	entries := r.parquet.MetaData().KeyValueMetadata()
	for i, key := range entries.Keys() {
		switch value := entries.Values()[i]; key {
		case pandasKey:
			r.Index = pandasIndex(value)
		case arrowKey:
		default:
			r.Metadata[key] = value
		}
	}
	return nil
}

// guard runs do, which reads the file through Arrow. What Arrow complains of is
// the file's fault, and so is a panic: Arrow has some for bytes that make no sense.
func (r *Reader) guard(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
		if err != nil && !errors.Is(err, syscall.EIO) && !errors.Is(err, syscall.ESTALE) { // those are the disk's
			err = &counts.InputError{File: r.path, Found: err.Error(), Advice: "the file is damaged, or of a kind of Parquet that is not read"}
		}
	}()
	return do()
}

// Rows is the number of rows of all row groups.
func (r *Reader) Rows() int64 { return r.parquet.NumRows() }

// RowGroups is the number of row groups. Their sizes are the writer's choice: a
// file of another program may be a single one.
func (r *Reader) RowGroups() int { return r.parquet.NumRowGroups() }

// GroupRows is the number of rows of one row group, by the footer.
func (r *Reader) GroupRows(group int) int64 { return r.parquet.MetaData().RowGroup(group).NumRows() }

// Columns are the names of the file's columns, in its order.
func (r *Reader) Columns() []string {
	root := r.parquet.MetaData().Schema.Root()
	names := make([]string, root.NumFields())
	for i := range names {
		names[i] = root.Field(i).Name()
	}
	return names
}

// Read reads the named columns of one row group, all columns where none is
// named; other columns' bytes are not touched. The table holds them in the
// file's order; a name the file does not have is not among them. What the table
// holds is the caller's; the values of a text column share their memory. Types, nulls and errors are as for the function Read.
func (r *Reader) Read(group int, columns ...string) (t *Table, err error) {
	err = r.guard(func() error {
		leaves := r.leaves(columns)
		table, err := r.arrows.ReadRowGroups(context.Background(), leaves, []int{group})
		if err != nil {
			return err
		}
		defer table.Release()
		t = &Table{Index: r.Index, Metadata: r.Metadata}
		return t.fill(table)
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// leaves are the places of the columns among the file's leaves, of which a
// nested column has several.
func (r *Reader) leaves(columns []string) []int {
	wanted := map[string]bool{}
	for _, name := range columns {
		wanted[name] = true
	}
	places := []int{}
	schema := r.parquet.MetaData().Schema
	for i := range schema.NumColumns() {
		if len(columns) == 0 || wanted[schema.Column(i).ColumnPath()[0]] {
			places = append(places, i)
		}
	}
	return places
}

// Close closes the file. Tables that were read stay valid.
func (r *Reader) Close() error { return r.file.Close() }
