package textmatrix

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"cellvi/io/counts"
	"cellvi/io/textfile"
)

// survey is what the first pass over the rows finds.
type survey struct {
	head    *head
	gzip    bool
	rows    int64
	longest int64    // bytes of a line
	names   []string // of rows that are genes
	held    int64    // bytes of names, about
}

// look reads the file once: the head, the number of rows, and that every row has as
// many fields as there are names.
func look(path string, opt Options) (*survey, error) {
	f, err := textfile.Open(path, textfile.Options{Memory: opt.memory() / 2, Threads: opt.Threads})
	if err != nil {
		return nil, err
	}
	h, err := readHead(f, opt)
	_ = f.Close() // only read from
	if err != nil {
		return nil, err
	}
	s := &survey{head: h}
	for _, name := range h.columns {
		s.held += int64(len(name)) + 16
	}
	return s, s.pass(path, opt)
}

func (s *survey) pass(path string, opt Options) error {
	lines, err := openRows(path, s.head, opt)
	if err != nil {
		return err
	}
	defer lines.file.Close() // only read from
	s.gzip = lines.file.Gzip
	for {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = s.add(lines, line, opt)
		}
		if err != nil {
			return err
		}
	}
}

// add takes in one row.
func (s *survey) add(lines *rows, line []byte, opt Options) error {
	n, closed := lines.fields.Count(line)
	if !closed {
		return lines.file.LineFault(lines.file.Number(), unclosed, "")
	}
	if n != len(s.head.columns)+1 {
		return lines.ragged(n)
	}
	name, _ := lines.split(line)
	if !utf8.Valid(name) {
		return lines.file.LineFault(lines.file.Number(), "is no valid UTF-8: "+textfile.Quote(name), "save the file as UTF-8")
	}
	s.rows++
	s.longest = max(s.longest, int64(len(line)))
	if !opt.Transpose {
		return nil
	}
	s.names = append(s.names, string(name))
	if s.held += int64(len(name)) + 16; s.held > opt.memory()/2 {
		return &counts.MemoryError{File: lines.file.Path, Need: 2 * s.held, Allow: opt.memory(),
			Found: fmt.Sprintf("the names of more than %s genes are held", counts.Thousands(s.rows))}
	}
	return nil
}

// sorting is what is left to sort counts in, beside lines, tables and names.
func (s *survey) sorting(opt Options) int64 {
	return max(opt.memory()/4, opt.memory()-3*s.longest-s.held-32<<20)
}
