package arrowtable

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strconv"

	"cellvi/io/counts"
)

// rowReader makes frames of the columns that name and annotate rows.
type rowReader struct {
	name       int   // the column of names; -1 for row numbers
	columns    []int // the name, where there is one, then the annotations
	names      *converter
	converters []*converter
	header     counts.Frame
	notes      []string
	first      int64 // the next row
}

// newRowReader settles kinds and levels of the annotations.
func (t *table) newRowReader(ctx context.Context, name int, annotations []int, memory int64) (*rowReader, error) {
	r := &rowReader{name: name}
	if name >= 0 {
		r.columns, r.names = []int{name}, t.converter(name)
	}
	own := t.ownNames()
	for _, k := range annotations {
		v, c := t.converter(k), counts.Column{Name: t.columns[k].name}
		if name, ok := own[c.Name]; ok {
			c.Name = name
		}
		c.Kind = v.kind
		if v.kind == counts.Categorical {
			l, err := t.levels(ctx, k, memory)
			if err != nil {
				return nil, err
			}
			c.Levels, c.Ordered, v.levels = l.list, t.ordered(k), l.code
			if c.Ordered && l.disordered {
				c.Ordered = false
				r.notes = append(r.notes, fmt.Sprintf("%s: column %s: the order of its categories is not the same everywhere in the file, so it is read without order",
					t.path, counts.Printable(c.Name)))
			}
		}
		r.columns, r.converters = append(r.columns, k), append(r.converters, v)
		r.header.Columns = append(r.header.Columns, c)
	}
	return r, nil
}

// read appends the rows of a piece, whose first columns are r.columns, to f.
func (r *rowReader) read(p piece, f *counts.Frame) (err error) {
	at := 0
	if r.name < 0 {
		for i := range p.rows {
			f.Names = append(f.Names, strconv.FormatInt(r.first+int64(i), 10))
		}
	} else {
		at = 1
		first := r.first
		for _, a := range p.columns[0] {
			if f.Names, err = r.names.names(f.Names, a, first); err != nil {
				return err
			}
			first += int64(a.Len())
		}
	}
	for k, v := range r.converters {
		for _, a := range p.columns[at+k] {
			if err := v.append(&f.Columns[k], a); err != nil {
				return err
			}
		}
	}
	r.first += int64(p.rows)
	return nil
}

// cursor gives the rows of a rowReader in numbers of the caller's choice.
type cursor struct {
	*rowReader
	next func() (piece, error, bool)
	stop func()
	held counts.Frame
}

func (t *table) newCursor(ctx context.Context, r *rowReader) *cursor {
	c := &cursor{rowReader: r, held: r.header.Header()}
	c.next, c.stop = iter.Pull2(t.pieces(ctx, r.columns, pieceRows/4))
	return c
}

// take gives the next n rows, which are there.
func (c *cursor) take(n int) (counts.Frame, error) {
	for c.held.Len() < n {
		p, err, ok := c.next()
		if err != nil {
			return counts.Frame{}, err
		}
		if !ok {
			return counts.Frame{}, io.ErrUnexpectedEOF
		}
		if err := c.read(p, &c.held); err != nil {
			return counts.Frame{}, err
		}
	}
	out := c.held.Slice(0, n)
	rest := c.held.Slice(n, c.held.Len())
	c.held = c.held.Header()
	c.held.Append(&rest)
	return out, nil
}

// readNames reads the names of all rows.
func (t *table) readNames(ctx context.Context, name int) ([]string, error) {
	r, err := t.newRowReader(ctx, name, nil, 0)
	if err != nil {
		return nil, err
	}
	var f counts.Frame
	for p, err := range t.pieces(ctx, r.columns, pieceRows) {
		if err == nil {
			err = r.read(p, &f)
		}
		if err != nil {
			return nil, err
		}
	}
	return f.Names, nil
}
