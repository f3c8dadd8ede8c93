package wire

import (
	"bufio"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"cellvi/io/counts"
)

// ErrBroken is what Receive and Next answer when the pipe ends early or holds
// anything that Send would not have written.
var ErrBroken = errors.New("the reader stopped before the end")

// Receiver is the counts.Reader at the far end of a pipe.
type Receiver struct {
	header header
	stream *ipc.Reader
	seen   int64
	done   bool
}

// Receive reads the header of what Send wrote. r is read as Next is called.
func Receive(r io.Reader) (*Receiver, error) {
	in := bufio.NewReader(&unframer{from: r})
	x := &Receiver{}
	if err := gob.NewDecoder(in).Decode(&x.header); err != nil {
		return nil, broken("header: %v", err)
	}
	stream, err := ipc.NewReader(in)
	if err != nil {
		return nil, broken("cells: %v", err)
	}
	x.stream = stream
	if !stream.Schema().Equal(schemaOf(&x.header.Obs)) {
		stream.Release()
		return nil, broken("another schema than the header's")
	}
	return x, nil
}

func broken(format string, args ...any) error {
	return fmt.Errorf("%w (%s)", ErrBroken, fmt.Sprintf(format, args...))
}

// Genes are the genes that were sent.
func (x *Receiver) Genes() *counts.Frame { return &x.header.Genes }

// Obs is the cells' columns without rows.
func (x *Receiver) Obs() *counts.Frame { return &x.header.Obs }

// Notes are what was sent before the cells.
func (x *Receiver) Notes() []string { return x.header.Notes }

// Cells is the number of cells announced.
func (x *Receiver) Cells() int64 { return x.header.Cells }

// Close lets go of the buffers; the pipe is its owner's.
func (x *Receiver) Close() error {
	x.stream.Release()
	return nil
}

// Next is the next table; io.EOF only after all that was announced has come.
func (x *Receiver) Next(ctx context.Context) (*counts.Table, error) {
	if x.done {
		return nil, io.EOF
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !x.stream.Next() {
		return nil, broken("after %d of %d cells", x.seen, x.header.Cells)
	}
	t, err := tableOf(x.stream.RecordBatch(), &x.header)
	if err != nil {
		return nil, err
	}
	x.seen += int64(t.Cells())
	if t.Cells() > 0 {
		return t, nil
	}
	if x.seen != x.header.Cells {
		return nil, broken("%d cells came, %d were announced", x.seen, x.header.Cells)
	}
	x.done = true
	return nil, io.EOF
}

// tableOf reads a batch, trusting none of its numbers. It copies, so that
// nothing of the table lives in Arrow's buffers.
func tableOf(batch arrow.RecordBatch, h *header) (t *counts.Table, err error) {
	defer func() { // Arrow panics on buffers that are shorter than told
		if v := recover(); v != nil {
			err = broken("%v", v)
		}
	}()
	genes, at := batch.Column(1).(*array.LargeList), batch.Column(2).(*array.LargeList)
	t = &counts.Table{
		Obs:    h.Obs.Header(),
		Indptr: append([]int64(nil), genes.Offsets()[:batch.NumRows()+1]...),
		Genes:  append([]uint32(nil), genes.ListValues().(*array.Uint32).Uint32Values()...),
		Values: append([]float64(nil), at.ListValues().(*array.Float64).Float64Values()...),
	}
	t.Obs.Names = stringsOf(batch.Column(0))
	for i := range t.Obs.Columns {
		if err := fill(&t.Obs.Columns[i], batch.Column(i+3)); err != nil {
			return nil, err
		}
	}
	return t, t.Validate(h.Genes.Len())
}

// fill copies an annotation's values.
func fill(c *counts.Column, values arrow.Array) error {
	switch a := values.(type) {
	case *array.Int32:
		c.Codes = append([]int32{}, a.Int32Values()...)
		for _, code := range c.Codes {
			if code < -1 || int(code) >= len(c.Levels) {
				return broken("column %s has code %d of %d levels", c.Name, code, len(c.Levels))
			}
		}
		return nil
	case *array.String:
		c.Strings = stringsOf(a)
	case *array.Int64:
		c.Ints = append([]int64{}, a.Int64Values()...)
	case *array.Float64:
		c.Floats = append([]float64{}, a.Float64Values()...)
		return nil
	case *array.Boolean:
		c.Bools = make([]bool, a.Len())
		for i := range c.Bools {
			c.Bools[i] = a.Value(i)
		}
	}
	c.Missing = missingOf(values)
	return nil
}

func stringsOf(values arrow.Array) []string {
	a := values.(*array.String)
	s := make([]string, a.Len())
	for i := range s {
		s[i] = string([]byte(a.Value(i))) // a copy
	}
	return s
}

// missingOf is nil where nothing is missing.
func missingOf(values arrow.Array) []bool {
	if values.NullN() == 0 {
		return nil
	}
	missing := make([]bool, values.Len())
	for i := range missing {
		missing[i] = values.IsNull(i)
	}
	return missing
}
