package model

import (
	"context"
	"sync"
)

// window is a stretch of an epoch's order of cells that is in memory, or on its
// way there.
type window struct {
	epoch, index int    // which; see pool
	cells        *Cells // nil: no memory yet
	rows         []int  // of cells, in the order of training
	first        int    // minibatches of the epoch before the window
	loads        []load
	begun        int // loads done or handed out
	size         Extent
	mutex        sync.Mutex
	err          error // of the first load, in their order, that failed
	failed       int   // that load
}

// add plans to read piece k of s behind what is planned already.
func (w *window) add(s *Section, k int) {
	rows, first := s.piece(k), 0
	if n := len(w.loads); n > 0 {
		first = w.loads[n-1].first + len(w.loads[n-1].rows)
	}
	w.loads = append(w.loads, load{rows: rows, first: first, at: w.size, size: s.Pieces[k]})
	w.size.Add(s.Pieces[k])
}

// ahead is how many pieces before it is read a piece is announced.
const ahead = 32

// load does load i. Several goroutines may call it, each i once.
func (w *window) load(source Source, i int) {
	if i+ahead < len(w.loads) {
		source.Soon(w.loads[i+ahead].rows)
	}
	err := w.loads[i].do(source, w.cells)
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if err != nil && (w.err == nil || i < w.failed) {
		w.err, w.failed = err, i
	}
}

// finish does the loads that are left.
func (w *window) finish(ctx context.Context, run runner, source Source) error {
	run.do(len(w.loads)-w.begun, func(i int) {
		if ctx.Err() == nil {
			w.load(source, w.begun+i)
		}
	})
	if err := ctx.Err(); err != nil {
		return err // some were left out: begun stays, they are done again
	}
	w.begun = len(w.loads)
	return w.err
}

// empty makes the window ready to be planned anew.
func (w *window) empty(epoch, index int) {
	w.epoch, w.index, w.begun, w.err = epoch, index, 0, nil
	w.loads, w.rows, w.size = w.loads[:0], w.rows[:0], Extent{}
}
