package arrowtable

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"os"

	"github.com/apache/arrow-go/v18/arrow"

	"cellvi/io/counts"
)

// file is one Arrow or Parquet file. Its methods may panic where the file is
// damaged.
type file interface {
	name() string // as the user gave it
	format() string
	schema() *arrow.Schema
	// parts are the numbers of rows of its record batches or row groups.
	parts() []int64
	// scan yields columns of a part by pieces of at most rows rows, in order.
	scan(ctx context.Context, part int, columns []int, rows int) iter.Seq2[piece, error]
	// numbers yields one column of numbers of a part by pieces; what it yields is
	// the caller's until it goes on.
	numbers(ctx context.Context, part, column int) iter.Seq2[floats, error]
	// dictionaries yields the values of a column's dictionaries.
	dictionaries(ctx context.Context, column int) iter.Seq2[arrow.Array, error]
	// compression names how a part's column is compressed; "" where it is not.
	compression(column int) string
	close() error
}

// piece is some rows of some columns, each column in one or more arrays.
type piece struct {
	rows    int
	columns [][]arrow.Array
}

// floats are numbers of a column, nulls of it being zeros.
type floats struct {
	values []float64
	nulls  int64
}

// pieceRows is how many rows are read at a time where they are short.
const pieceRows = 1 << 14

// format is what the first bytes of a file tell.
type format int

const (
	notArrow format = iota
	parquetFormat
	parquetEncrypted
	arrowFormat
	arrowStream
	featherOne
)

// formatOf looks at a file's first bytes.
func formatOf(f io.ReaderAt) (format, error) {
	head := make([]byte, 64)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return notArrow, err
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("PAR1")):
		return parquetFormat, nil
	case bytes.HasPrefix(head, []byte("PARE")):
		return parquetEncrypted, nil
	case bytes.HasPrefix(head, []byte("ARROW1")):
		return arrowFormat, nil
	case bytes.HasPrefix(head, []byte("FEA1")):
		return featherOne, nil
	case startsStream(head):
		return arrowStream, nil
	}
	return notArrow, nil
}

// startsStream tells the mark of a message, with or without the one that came with
// Arrow 0.15, whose header is a schema's.
func startsStream(head []byte) (is bool) {
	defer func() {
		if recover() != nil { // what is no header
			is = false
		}
	}()
	if len(head) < 32 {
		return false
	}
	if bytes.HasPrefix(head, continuation) {
		head = head[4:]
	}
	size := binary.LittleEndian.Uint32(head)
	return size >= 16 && size < 1<<30 && size%4 == 0 && fbRoot(head[4:]).int8(messageType) == typeSchema
}

// openFile opens a file of any of the formats.
func openFile(path string, memory int64) (file, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var opened file
	err = guard(func() string { return path }, func() error {
		is, err := formatOf(f)
		if err != nil {
			return err
		}
		opened, err = openFormat(f, path, is, memory)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return opened, nil
}

func openFormat(f *os.File, path string, is format, memory int64) (file, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch is {
	case parquetFormat:
		return openParquet(f, path, info.Size(), memory)
	case arrowFormat, arrowStream:
		return openIPC(f, path, info.Size(), is, memory)
	case parquetEncrypted:
		return nil, &counts.InputError{File: path, Found: "the Parquet file is encrypted", Advice: "write it without encryption"}
	case featherOne:
		return nil, &counts.InputError{File: path, Found: "this is Feather version 1", Advice: "write it again as version 2, which pyarrow does since 0.17"}
	}
	if info.Size() == 0 {
		return nil, &counts.InputError{File: path, Found: "the file is empty"}
	}
	return nil, &counts.InputError{File: path, Found: "this is neither an Arrow nor a Parquet file"}
}
