package model

import (
	"context"

	"cellvi/model/kernel"
)

// loader prepares minibatches ahead of the step that uses them, in a goroutine.
type loader[T kernel.Float] struct {
	ready chan *Minibatch[T] // in order
	spare chan *Minibatch[T] // to be filled again
	fault fault              // of the goroutine, to be rethrown once ready is closed
}

// ahead is how many minibatches wait.
const ahead = 3

// load starts preparing minibatches of the given rows; ready is closed after
// the last. Every minibatch taken must be given back to spare. The goroutine
// ends when all are taken or ctx is done.
func load[T kernel.Float](ctx context.Context, rows [][]int, prepare func(m *Minibatch[T], rows []int)) *loader[T] {
	l := &loader[T]{ready: make(chan *Minibatch[T], ahead), spare: make(chan *Minibatch[T], ahead)}
	for range ahead {
		l.spare <- &Minibatch[T]{}
	}
	go func() {
		defer close(l.ready)
		l.fault.catch(func() { l.fill(ctx, rows, prepare) })
	}()
	return l
}

func (l *loader[T]) fill(ctx context.Context, rows [][]int, prepare func(m *Minibatch[T], rows []int)) {
	for _, r := range rows {
		select {
		case m := <-l.spare:
			prepare(m, r)
			l.ready <- m
		case <-ctx.Done():
			return
		}
	}
}

// cutRows cuts rows into minibatches of size; a last one of fewer than three
// cells joins the one before, because batch normalization cannot use it.
func cutRows(rows []int, size int) [][]int {
	var out [][]int
	for len(rows) > size {
		if len(rows)-size < 3 {
			break
		}
		out, rows = append(out, rows[:size]), rows[size:]
	}
	return append(out, rows)
}
