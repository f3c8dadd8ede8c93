package textmatrix

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"cellvi/io/counts"
	"cellvi/io/textfile"
)

// head is what the first lines say.
type head struct {
	delimiter byte
	comments  int64    // lines with # before it
	line      int64    // where the names of columns stand
	corner    *string  // what stands above the names of rows; nil where the line has no field there
	columns   []string // their names
}

// start is the first lines of a file, copied.
type start struct {
	comments   int64
	comment    []byte // the last of them
	first, row []byte // the lines that follow; nil where the file ends
	lines      [3]int64
}

// readHead reads the first lines and settles the delimiter and the names.
func readHead(f *textfile.File, opt Options) (*head, error) {
	s, err := readStart(f)
	if err != nil {
		return nil, err
	}
	h := &head{comments: s.comments, line: s.lines[1], delimiter: delimiterOf(s.first, s.row)}
	if heading(s.comment, s.first, h.delimiter) {
		h.comments, h.line = s.comments-1, s.lines[0]
		s.first, s.row = s.comment, s.first
	}
	if h.delimiter == 0 {
		return nil, f.LineFault(h.line, "has no tab, comma or semicolon between fields: "+textfile.Quote(s.first), "give a table with names of columns in its first line, names of rows in its first column")
	}
	return h, h.readNames(f, s, opt)
}

// readStart reads up to the first two lines that are no comments.
func readStart(f *textfile.File) (*start, error) {
	s := &start{}
	for s.row == nil {
		line, err := f.Line()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch {
		case len(line) == 0:
		case s.first == nil && line[0] == '#':
			s.comments++
			s.comment, s.lines[0] = append(s.comment[:0], line...), f.Number()
		case s.first == nil:
			s.first, s.lines[1] = slices.Clone(line), f.Number()
		default:
			s.row = slices.Clone(line)
		}
	}
	if s.first == nil {
		return nil, f.Fault("", "has no line with names of columns: the file is empty", "")
	}
	if bytes.IndexByte(s.first, '\r') >= 0 {
		return nil, f.LineFault(s.lines[1], "has a carriage return within it", "write lines that end in newlines")
	}
	return s, nil
}

// heading tells that a comment is the line of names after all: it has as many
// fields as the line that follows, which holds numbers behind a name.
func heading(comment, first []byte, delimiter byte) bool {
	fields := textfile.Fields{Delimiter: delimiter}
	n, _ := fields.Count(comment)
	if len(comment) == 0 || n < 2 {
		return false
	}
	if m, _ := fields.Count(first); m != n {
		return false
	}
	fields.Reset(first)
	fields.Next()
	for {
		field, ok := fields.Next()
		if !ok {
			return true
		}
		if _, is := value(field); !is {
			return false
		}
	}
}

// delimiterOf is that of tab, comma and semicolon, or else a space, which cuts both
// lines into as many fields, or the second into one more (R leaves out the field
// above the names of rows); of several the one that gives most. 0 where there is none.
func delimiterOf(first, row []byte) byte {
	for _, candidates := range []string{"\t,;", " "} {
		best, most := byte(0), 0
		for _, d := range []byte(candidates) {
			fields := textfile.Fields{Delimiter: d}
			n, _ := fields.Count(first)
			m := n
			if row != nil {
				m, _ = fields.Count(row)
			}
			if (m == n || m == n+1) && m > max(1, most) {
				best, most = d, m
			}
		}
		if best != 0 {
			return best
		}
	}
	for _, d := range []byte("\t,;") { // the rows will be told to be ragged
		if bytes.IndexByte(first, d) >= 0 {
			return d
		}
	}
	return 0
}

// readNames takes the names of columns from the first line.
func (h *head) readNames(f *textfile.File, s *start, opt Options) error {
	if !utf8.Valid(s.first) {
		return f.LineFault(h.line, "is no valid UTF-8", "save the file as UTF-8")
	}
	fields := textfile.Fields{Delimiter: h.delimiter}
	n, closed := fields.Count(s.first)
	if !closed {
		return f.LineFault(h.line, unclosed, "")
	}
	if need := int64(len(s.first)) + 16*int64(n); need > opt.memory()/2 {
		return &counts.MemoryError{File: f.Path, Place: "line " + counts.Thousands(h.line), Need: 2 * need, Allow: opt.memory(),
			Found: fmt.Sprintf("the names of %s columns are held", counts.Thousands(int64(n)))}
	}
	names := make([]string, 0, n)
	fields.Reset(s.first)
	for {
		field, ok := fields.Next()
		if !ok {
			break
		}
		names = append(names, string(field))
	}
	h.columns = names
	if m, _ := fields.Count(s.row); s.row == nil || m != n+1 {
		h.corner, h.columns = &names[0], names[1:]
	}
	if len(h.columns) == 0 {
		return f.LineFault(h.line, "has one field; expected the names of "+opt.columns()+" behind it", "")
	}
	return h.checkNames(f, opt)
}

const unclosed = "has a quote that is not closed on the line"

// checkNames refuses numbers where names should be: a table without them.
func (h *head) checkNames(f *textfile.File, opt Options) error {
	met := map[string]bool{}
	repeated := false
	for _, name := range h.columns {
		if _, is := textfile.Number([]byte(strings.TrimSpace(name))); !is {
			return nil
		}
		repeated = repeated || met[name]
		met[name] = true
	}
	if h.corner == nil || len(h.columns) == 0 {
		return nil
	}
	_, number := textfile.Number([]byte(*h.corner))
	if number || repeated && len(h.columns) > 2 {
		return f.LineFault(h.line, "holds numbers; expected the names of "+opt.columns(), "give a table with names of columns in its first line, names of rows in its first column")
	}
	return nil
}

// columns is what columns are.
func (o Options) columns() string {
	if o.Transpose {
		return "cells"
	}
	return "genes"
}
