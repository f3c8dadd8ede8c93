package mtx

import (
	"bytes"
	"context"
	"errors"
	"io"
	"unicode/utf8"

	"cellvi/io/counts"
	"cellvi/io/textfile"
)

// cellNames reads the names of cells, from the first on.
type cellNames struct {
	*textfile.File
}

func openCells(path string, opt Options) (*cellNames, error) {
	file, err := textfile.Open(path, textfile.Options{Memory: opt.memory() / 4})
	if err != nil {
		return nil, err
	}
	return &cellNames{file}, nil
}

// next is the next name, the first field of a line; after the last, io.EOF. What
// follows on the line has no heading and is not read.
func (c *cellNames) next() (string, error) {
	for {
		line, err := c.Line()
		if err != nil {
			return "", err
		}
		if len(line) > 0 {
			return cellName(c.File, line)
		}
	}
}

// read puts n names into names, which it gives longer where need be.
func (c *cellNames) read(n int64, names []string) ([]string, error) {
	names = names[:0]
	for range n {
		name, err := c.next()
		if errors.Is(err, io.EOF) {
			return nil, c.Fault("", "the file changed while it was read", "")
		}
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// countCells reads all names once, checks them and gives their number.
func countCells(path string, opt Options) (n int64, err error) {
	c, err := openCells(path, opt)
	if err != nil {
		return 0, err
	}
	defer c.Close() // only read from
	for {
		if _, err := c.next(); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return 0, err
		}
		n++
	}
}

// CellNames reads the names of all cells; see counts.CellNamer.
func (r *Reader) CellNames(ctx context.Context) ([]string, error) {
	c, err := openCells(r.files.cells, r.opt)
	if err != nil {
		return nil, err
	}
	defer c.Close() // only read from
	names := make([]string, 0, r.cells)
	for range r.cells {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		name, err := c.next()
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

var _ counts.CellNamer = (*Reader)(nil)

// cellName is the first field of a line of barcodes.
func cellName(file *textfile.File, line []byte) (string, error) {
	field, _, _ := bytes.Cut(line, []byte{'\t'})
	if !utf8.Valid(field) {
		return "", file.LineFault(file.Number(), "is no valid UTF-8: "+textfile.Quote(field), "save the file as UTF-8")
	}
	return bareName(string(field)), nil
}
