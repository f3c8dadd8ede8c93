package stages

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// spill is a file of candidates: they are few, but grow with cells × genes. It is read
// after it was written.
type spill struct {
	file   *os.File
	buffer *bufio.Writer
}

func createSpill(path string) (*spill, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &spill{file: f, buffer: bufio.NewWriterSize(f, 1<<20)}, nil
}

// put adds a candidate.
func (s *spill) put(c candidate) error { return binary.Write(s.buffer, binary.LittleEndian, &c) }

// each calls do with every candidate, in the order they were put in.
func (s *spill) each(do func(candidate) error) error {
	if err := s.buffer.Flush(); err != nil {
		return err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	in := bufio.NewReaderSize(s.file, 1<<20)
	for {
		var c candidate
		err := binary.Read(in, binary.LittleEndian, &c)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(c); err != nil {
			return err
		}
	}
}

// remove removes the file.
func (s *spill) remove() error { return errors.Join(s.file.Close(), os.Remove(s.file.Name())) }
