package model

import (
	"context"
	"errors"
	"sync"
)

// queue lets the goroutines of an evaluation through one at a time, in the order of
// their minibatches.
type queue struct {
	mutex  sync.Mutex
	cond   sync.Cond
	next   int  // the minibatch whose turn it is
	closed bool // nobody is let through any more
}

// errClosed is of those whom a closed queue sends away.
var errClosed = errors.New("the queue is closed")

// newQueue is closed when ctx is done.
func newQueue(ctx context.Context) *queue {
	q := &queue{}
	q.cond.L = &q.mutex
	context.AfterFunc(ctx, q.close)
	return q
}

// close lets everybody go, unserved.
func (q *queue) close() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.closed = true
	q.cond.Broadcast()
}

// enter waits for minibatch i's turn and does its work; not where the queue is closed.
func (q *queue) enter(i int, work func() error) error {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for q.next != i && !q.closed {
		q.cond.Wait()
	}
	if q.closed {
		return errClosed
	}
	err := work()
	q.next++
	q.cond.Broadcast()
	return err
}

// queued is a source that closes the queue when a minibatch cannot be read, because
// those behind it would wait for ever.
type queued struct {
	Source
	q *queue
}

// Read is Source's.
func (s *queued) Read(rows []int32, into *Cells) error {
	err := s.Source.Read(rows, into)
	if err != nil {
		s.q.close()
	}
	return err
}
