package wire

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"io"

	"cellvi/io/counts"
)

// header is what stands before the cells. Gob, for JSON has no NaN.
type header struct {
	Cells int64
	Genes counts.Frame
	Obs   counts.Frame // columns without rows
	About About
}

// About is what is sent before the cells besides what a counts.Reader tells.
type About struct {
	Format string   // of the file
	Notes  []string // what the reader left out or decided, for the log
}

// Send writes everything that reader yields to w, what is about it first, and what
// it notes in the end (counts.Noter) last. The next table is read while one is being
// written.
func Send(ctx context.Context, w io.Writer, reader counts.Reader, about About) error {
	h := header{Cells: reader.Cells(), Genes: *reader.Genes(), Obs: reader.Obs().Header(), About: about}
	if err := sendGob(w, h); err != nil {
		return err
	}
	s := startSender(w)
	if err := errors.Join(s.sendAll(ctx, reader, &h), s.end()); err != nil {
		return err
	}
	if n, ok := reader.(counts.Noter); ok {
		about.Notes = n.Notes()
	}
	return sendGob(w, about.Notes)
}

// sendGob writes a message that is a value.
func sendGob(w io.Writer, v any) error {
	var message bytes.Buffer
	message.Write(make([]byte, headBytes))
	if err := gob.NewEncoder(&message).Encode(v); err != nil {
		return err
	}
	return writeMessage(w, message.Bytes())
}

// sender writes messages in a goroutine of its own.
type sender struct {
	full, free chan []byte   // messages to be written; memory for others
	over       chan struct{} // closed at the end of the writing
	err        error         // of the writing, once over is closed
}

func startSender(w io.Writer) *sender {
	s := &sender{full: make(chan []byte), free: make(chan []byte, 2), over: make(chan struct{})}
	s.free <- nil
	s.free <- nil
	go func() {
		defer close(s.over)
		for message := range s.full {
			if s.err = writeMessage(w, message); s.err != nil {
				return
			}
			s.free <- message
		}
	}()
	return s
}

// sendAll encodes every table, and the empty one that ends them. The error is the
// reader's; a failed writing ends it too, and end tells.
func (s *sender) sendAll(ctx context.Context, reader counts.Reader, h *header) error {
	e := &encoder{narrow: h.Genes.Len() <= 1<<16}
	for {
		table, err := reader.Next(ctx)
		over := errors.Is(err, io.EOF)
		if over {
			table, err = &counts.Table{Obs: h.Obs, Indptr: []int64{0}}, nil
		}
		if err != nil || !s.send(e, table) || over {
			return err
		}
	}
}

// send hands a table over; false: the writing has failed.
func (s *sender) send(e *encoder, t *counts.Table) bool {
	select {
	case buf := <-s.free:
		return s.hand(e.encode(t, buf))
	case <-s.over:
		return false
	}
}

func (s *sender) hand(message []byte) bool {
	select {
	case s.full <- message:
		return true
	case <-s.over:
		return false
	}
}

// end waits for the writing to end, and gives its error.
func (s *sender) end() error {
	close(s.full)
	<-s.over
	return s.err
}
