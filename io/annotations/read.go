package annotations

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"cellvi/io/counts"
)

// Options say how a table of annotations is read.
type Options struct {
	Memory int64 // bytes that the frame may take; 0 is DefaultMemory
}

// DefaultMemory is what Options.Memory 0 means.
const DefaultMemory = 256 << 20

// Read reads a file. One that is missing or unreadable gives the operating system's
// error, everything else a *counts.InputError or *counts.MemoryError. Names may
// repeat: counts.AnnotateCells and AnnotateGenes refuse that.
func Read(path string, opt Options) (*counts.Frame, error) {
	if opt.Memory == 0 {
		opt.Memory = DefaultMemory
	}
	text, err := openText(path, opt.Memory)
	if err != nil {
		return nil, err
	}
	defer text.close()
	r := &reader{path: path, opt: opt, text: text}
	if err := r.read(); err != nil {
		return nil, err
	}
	return r.frame(), nil
}

// reader reads one file.
type reader struct {
	path    string
	opt     Options
	text    *text
	csv     *csv.Reader
	header  []string
	names   []string
	columns []column // all, the names' unused
	bytes   int64
}

func (r *reader) fault(line int, found, advice string) error {
	e := &counts.InputError{File: r.path, Found: found, Advice: advice}
	if line > 0 {
		e.Place = fmt.Sprintf("line %d", line)
	}
	return e
}

func (r *reader) read() error {
	delimiter, err := r.text.delimiter()
	if err != nil {
		return err
	}
	r.csv = csv.NewReader(r.text)
	r.csv.Comma, r.csv.LazyQuotes, r.csv.FieldsPerRecord, r.csv.ReuseRecord = delimiter, delimiter == '\t', -1, true
	for first := true; ; {
		fields, err := r.csv.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return r.parseError(err)
		}
		r.text.next()
		switch {
		case r.header == nil:
			r.header = slices.Clone(fields)
			continue
		case first:
			first = false
			if err := r.begin(len(fields)); err != nil {
				return err
			}
		}
		if err := r.row(fields); err != nil {
			return err
		}
	}
	if r.header == nil {
		return r.fault(0, "the file is empty", "a table with a header line is expected")
	}
	if r.columns == nil {
		return r.begin(len(r.header))
	}
	return nil
}

// parseError says what csv found, in this project's words.
func (r *reader) parseError(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return r.fault(parse.Line, parse.Err.Error(), "a field with a quote in it is quoted, and the quote doubled")
	}
	return err
}

// begin settles the columns when the number of fields of the first row is known.
func (r *reader) begin(fields int) error {
	if fields == len(r.header)+1 {
		r.header = append([]string{""}, r.header...)
	}
	met := map[string]bool{}
	for _, name := range r.header {
		if !utf8.ValidString(name) {
			return r.fault(1, fmt.Sprintf("the column name %q is not valid UTF-8", name), "write the file in UTF-8")
		}
		if met[name] {
			return r.fault(1, fmt.Sprintf("the column %s is there twice", counts.Printable(name)), "rename one")
		}
		met[name] = true
	}
	r.columns = make([]column, len(r.header))
	for i := range r.columns {
		r.columns[i].code = map[string]int32{}
	}
	return nil
}

// row takes in the fields of a row.
func (r *reader) row(fields []string) error {
	line, _ := r.csv.FieldPos(0)
	if len(fields) != len(r.header) {
		return r.fault(line, fmt.Sprintf("%d fields, %d expected", len(fields), len(r.header)), "every row has a field for each column")
	}
	for i, value := range fields {
		if i == 0 {
			if err := r.name(value, line); err != nil {
				return err
			}
			continue
		}
		grown, ok := r.columns[i].add(value)
		if !ok {
			return r.fault(line, fmt.Sprintf("column %s: %q is not valid UTF-8", counts.Printable(r.header[i]), value), "write the file in UTF-8")
		}
		r.bytes += grown
	}
	if r.bytes > r.opt.Memory {
		return &counts.MemoryError{File: r.path, Place: fmt.Sprintf("line %d", line), Found: "the table is held whole", Need: 2 * r.bytes,
			Allow: r.opt.Memory, Advice: "leave columns out of the file"}
	}
	return nil
}

// name takes in the name of a row.
func (r *reader) name(value string, line int) error {
	if !utf8.ValidString(value) {
		return r.fault(line, fmt.Sprintf("the name %q is not valid UTF-8", value), "write the file in UTF-8")
	}
	if value == "" {
		return r.fault(line, "the row has no name", "give every row one")
	}
	r.names = append(r.names, strings.Clone(value)) // not the whole row that it is part of
	r.bytes += int64(len(value)) + nameBytes
	return nil
}

// nameBytes is what a name or a value takes beside its text in a list and a map, into
// which who looks names up puts them.
const nameBytes = 80

// frame converts the columns.
func (r *reader) frame() *counts.Frame {
	f := &counts.Frame{Names: r.names}
	for i := 1; i < len(r.columns); i++ {
		f.Columns = append(f.Columns, r.columns[i].convert(r.header[i]))
		r.columns[i] = column{}
	}
	return f
}
