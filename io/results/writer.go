package results

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"unsafe"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// rowGroup is the number of rows of a row group where the caller does not say.
const rowGroup = 1 << 16

// Writer writes one file row group by row group. It is used by one goroutine.
type Writer struct {
	schema  Schema
	file    *os.File
	buffer  *bufio.Writer
	parquet *file.Writer
	disk    error // the first error of the disk
	err     error // the first error of all
}

// Create begins a file, overwriting one that is there. It syncs nothing:
// publishing the file is the caller's.
func Create(path string, s Schema) (*Writer, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	root, err := rootOf(&s)
	if err != nil {
		return nil, err
	}
	entries, err := entriesOf(&s)
	if err != nil {
		return nil, err
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	w := &Writer{schema: s, file: f}
	w.buffer = bufio.NewWriterSize(diskWriter{w}, 1<<20)
	w.parquet, err = file.NewParquetWriterWithError(w.buffer, root,
		file.WithWriterProps(properties()), file.WithWriteMetadata(entries))
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return w, nil
}

// diskWriter keeps the first error of the disk as the system said it.
type diskWriter struct{ w *Writer }

func (d diskWriter) Write(p []byte) (int, error) {
	n, err := d.w.file.Write(p)
	if d.w.disk == nil {
		d.w.disk = err
	}
	return n, err
}

// WriteRowGroup writes the columns, which are those of the schema in its order
// and equally long, as one row group; none where they have no rows.
func (w *Writer) WriteRowGroup(cols []Column) error {
	if w.err == nil {
		w.err = w.first(w.writeRowGroup(cols))
	}
	return w.err
}

func (w *Writer) first(err error) error {
	if w.disk != nil {
		return w.disk
	}
	return err
}

func (w *Writer) writeRowGroup(cols []Column) error {
	if err := w.fits(cols); err != nil || len(cols) == 0 || cols[0].Len() == 0 {
		return err
	}
	group, err := w.parquet.AppendRowGroupChecked()
	if err != nil {
		return err
	}
	for i := range cols {
		column, err := group.NextColumn()
		if err != nil {
			return err
		}
		if err := writeColumn(column, &cols[i]); err != nil {
			return fmt.Errorf("results: column %s: %w", cols[i].Name, err)
		}
	}
	return group.Close()
}

// fits checks the columns against the schema: what differs is a fault of the program.
func (w *Writer) fits(cols []Column) error {
	if len(cols) != len(w.schema.Columns) {
		return fmt.Errorf("results: %d columns for a schema of %d", len(cols), len(w.schema.Columns))
	}
	for i := range cols {
		c, want := &cols[i], w.schema.Columns[i]
		t, ok := c.Type()
		empty := c.Len() == 0
		if c.Name != want.Name || !empty && (!ok || t != want.Type) {
			return fmt.Errorf("results: column %d is %s (%s), the schema has %s (%s)", i, c.Name, t, want.Name, want.Type)
		}
		if c.Len() != cols[0].Len() {
			return fmt.Errorf("results: column %s has %d rows, %s has %d", c.Name, c.Len(), cols[0].Name, cols[0].Len())
		}
	}
	return nil
}

func writeColumn(w file.ColumnChunkWriter, c *Column) (err error) {
	switch w := w.(type) {
	case *file.Float32ColumnChunkWriter:
		_, err = w.WriteBatch(c.Float32, nil, nil)
	case *file.Float64ColumnChunkWriter:
		_, err = w.WriteBatch(c.Float64, nil, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = w.WriteBatch(c.Int64, nil, nil)
	case *file.Int32ColumnChunkWriter:
		_, err = w.WriteBatch(c.Int32, nil, nil)
	case *file.BooleanColumnChunkWriter:
		_, err = w.WriteBatch(c.Bool, nil, nil)
	case *file.ByteArrayColumnChunkWriter:
		_, err = w.WriteBatch(bytesOf(c.String), nil, nil)
	}
	return err
}

// bytesOf gives strings to Parquet, which only reads them, without a copy.
func bytesOf(values []string) []parquet.ByteArray {
	out := make([]parquet.ByteArray, len(values))
	for i, s := range values {
		out[i] = unsafe.Slice(unsafe.StringData(s), len(s))
	}
	return out
}

// AddMetadata adds an entry to the file's metadata, after those of its Schema: for
// what is known only when all is written. The key must be a new one.
func (w *Writer) AddMetadata(key, value string) error {
	if w.err == nil {
		w.err = w.parquet.AppendKeyValueMetadata(key, value)
	}
	return w.err
}

// Close ends the file and closes it. After a failed WriteRowGroup it only
// closes, and returns that error again.
func (w *Writer) Close() error {
	err := w.err
	if err == nil {
		err = w.first(w.parquet.Close())
	}
	if err == nil {
		err = w.first(w.buffer.Flush())
	}
	if closed := w.file.Close(); err == nil {
		err = closed
	}
	return err
}

// Write writes a whole file: the columns, the first of which is the pandas index
// where index names it, in row groups of 65,536 rows.
func Write(path string, index string, meta map[string]string, cols ...Column) error {
	s := Schema{Index: index, Metadata: meta}
	for i := range cols {
		t, ok := cols[i].Type()
		if !ok {
			return fmt.Errorf("results: column %s: exactly one of its slices must be set", cols[i].Name)
		}
		s.Columns = append(s.Columns, Field{cols[i].Name, t})
	}
	w, err := Create(path, s)
	if err != nil {
		return err
	}
	if err := w.fits(cols); err != nil {
		w.err = err
		return w.Close()
	}
	for lo := 0; len(cols) > 0 && lo < cols[0].Len(); lo += rowGroup {
		part := make([]Column, len(cols))
		for i := range cols {
			part[i] = cols[i].slice(lo, min(lo+rowGroup, cols[0].Len()))
		}
		if w.WriteRowGroup(part) != nil {
			break // Close returns the error
		}
	}
	return w.Close()
}
