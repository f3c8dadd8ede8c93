package wire

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"sync"

	"cellvi/io/counts"
)

// ErrBroken is what Receive and Next answer when the pipe ends early or holds
// anything that Send would not have written.
var ErrBroken = errors.New("the reader stopped before the end")

// tables is how many exist: one at the caller's, one ready, one being read.
const tables = 3

// Receiver is the counts.Reader at the far end of a pipe. A goroutine reads
// ahead of Next.
type Receiver struct {
	header header
	from   io.Reader
	ready  chan received
	free   chan *counts.Table
	stop   chan struct{} // closed by Close
	reader sync.WaitGroup

	late []string      // all notes, once the last table has come
	lent *counts.Table // what Next gave last
	over error         // what Next gives from now on
}

// received is a table that came, or why none did.
type received struct {
	table *counts.Table
	err   error
}

// Receive reads the header of what Send wrote, and then ahead of Next.
func Receive(r io.Reader) (*Receiver, error) {
	x := &Receiver{from: r, ready: make(chan received), free: make(chan *counts.Table, tables), stop: make(chan struct{})}
	message, err := readMessage(r, nil)
	if err == nil {
		err = gob.NewDecoder(bytes.NewReader(message)).Decode(&x.header)
	}
	if err != nil {
		return nil, broken("header: %v", err)
	}
	for range tables {
		x.free <- &counts.Table{}
	}
	x.reader.Go(x.readAll)
	return x, nil
}

func broken(format string, args ...any) error {
	return fmt.Errorf("%w (%s)", ErrBroken, fmt.Sprintf(format, args...))
}

// Genes are the genes that were sent.
func (x *Receiver) Genes() *counts.Frame { return &x.header.Genes }

// Obs is the cells' columns without rows.
func (x *Receiver) Obs() *counts.Frame { return &x.header.Obs }

// About is what was sent about the cells before them; after the last of them with
// all notes.
func (x *Receiver) About() About { return x.header.About }

// Cells is the number of cells announced.
func (x *Receiver) Cells() int64 { return x.header.Cells }

// Close ends the reading ahead. The pipe is its owner's, who closes it before, or
// this may wait for what the far end still writes.
func (x *Receiver) Close() error {
	close(x.stop)
	x.reader.Wait()
	return nil
}

// readAll reads until the end, a fault, or Close.
func (x *Receiver) readAll() {
	var message []byte
	seen := int64(0)
	for {
		var t *counts.Table
		select {
		case t = <-x.free:
		case <-x.stop:
			return
		}
		var err error
		if message, err = readMessage(x.from, message); err == nil {
			err = decode(message, &x.header, t)
		} else if !errors.Is(err, ErrBroken) {
			err = broken("after %d of %d cells", seen, x.header.Cells)
		}
		if err == nil {
			seen += int64(t.Cells())
			if err = x.ended(t, seen); errors.Is(err, io.EOF) {
				err = x.readNotes()
			}
		}
		select {
		case x.ready <- received{t, err}:
		case <-x.stop:
			return
		}
		if err != nil {
			return
		}
	}
}

// ended is io.EOF for the empty table, where all that was announced has come.
func (x *Receiver) ended(t *counts.Table, seen int64) error {
	switch {
	case t.Cells() > 0:
		return nil
	case seen != x.header.Cells:
		return broken("%d cells came, %d were announced", seen, x.header.Cells)
	}
	return io.EOF
}

// readNotes reads what follows the last table; io.EOF where all is well.
func (x *Receiver) readNotes() error {
	message, err := readMessage(x.from, nil)
	if err == nil {
		x.late = nil
		err = gob.NewDecoder(bytes.NewReader(message)).Decode(&x.late)
	}
	if err != nil {
		return broken("notes: %v", err)
	}
	return io.EOF
}

// Next is the next table; io.EOF only after all that was announced has come.
func (x *Receiver) Next(ctx context.Context) (*counts.Table, error) {
	if x.over != nil {
		return nil, x.over
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if x.lent != nil {
		x.free <- x.lent
		x.lent = nil
	}
	select {
	case got := <-x.ready:
		if got.err != nil {
			if x.over = got.err; errors.Is(got.err, io.EOF) {
				x.header.About.Notes = x.late
			}
			return nil, got.err
		}
		x.lent = got.table
		return got.table, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
