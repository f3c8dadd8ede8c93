package store

import (
	"bufio"
	"errors"
	"hash/crc32"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

// sink is an Arrow file being written, with the store's trailer: see trailer.go.
// It keeps the first error of the disk as the system said it: what Arrow wraps
// around it is no help to a user.
type sink struct {
	file     *os.File
	buffer   *bufio.Writer
	arrow    *ipc.FileWriter
	schema   *arrow.Schema
	at       segment // what was written, and its checksum since the last batch
	segments []segment
	trailer  []byte // to be written after the next write
	err      error
}

func createSink(path string, schema *arrow.Schema) (*sink, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	s := &sink{file: file, buffer: bufio.NewWriterSize(file, 1<<20), schema: schema}
	s.arrow, err = ipc.NewFileWriter(s, ipc.WithSchema(schema))
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return s, nil
}

// Write is for arrow alone.
func (s *sink) Write(p []byte) (int, error) {
	s.at.end += int64(len(p))
	s.at.crc = crc32.Update(s.at.crc, castagnoli, p)
	n, err := s.buffer.Write(p)
	if s.trailer != nil && err == nil {
		_, err = s.buffer.Write(s.trailer)
		s.trailer = nil
	}
	if s.err == nil {
		s.err = err
	}
	return n, err
}

// batch writes one record batch of n rows.
func (s *sink) batch(columns []arrow.Array, n int) error {
	err := s.arrow.Write(array.NewRecordBatch(s.schema, columns, int64(n)))
	s.segments = append(s.segments, s.at)
	s.at.crc = 0
	return s.first(err)
}

// close ends the Arrow file and closes it, whatever happened before.
func (s *sink) close() error {
	s.trailer = encodeTrailer(s.segments) // the first that arrow writes is the end mark
	err := s.first(s.arrow.Close())
	if err == nil {
		err = s.buffer.Flush()
	}
	if closed := s.file.Close(); err == nil {
		err = closed
	}
	return err
}

// first is the disk's error where there is one.
func (s *sink) first(err error) error {
	if s.err != nil {
		return s.err
	}
	return err
}
