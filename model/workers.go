package model

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// runner does tasks 0 … n−1, each once, in any order, and returns when all are done.
type runner interface {
	do(n int, task func(i int))
}

// serial does tasks one after another.
type serial struct{}

func (serial) do(n int, task func(i int)) {
	for i := range n {
		task(i)
	}
}

// workers does tasks on several threads. Between begin and end its goroutines
// spin for the next call, because a step makes six calls within a millisecond;
// outside they sleep. Tasks are handed out by a counter, so which worker does
// which is open: a task must write only what is its own.
type workers struct {
	wake  []chan struct{}
	group sync.WaitGroup
	task  func(i int)
	n     int32
	next  atomic.Int32 // the next task to take
	left  atomic.Int32 // workers that have not finished the present call
	call  atomic.Int64 // counts calls; workers start when it changes
	live  atomic.Bool  // between begin and end
}

// newWorkers starts threads−1 goroutines; close ends them.
func newWorkers(threads int) *workers {
	w := &workers{}
	for range max(threads, 1) - 1 {
		wake := make(chan struct{}, 1)
		w.wake = append(w.wake, wake)
		w.group.Go(func() { w.loop(wake) })
	}
	return w
}

func (w *workers) begin() {
	w.left.Store(0)
	w.live.Store(true)
	for _, c := range w.wake {
		w.left.Add(1)
		c <- struct{}{}
	}
	w.wait() // all awake and watching the counter
}

func (w *workers) end() {
	w.left.Store(int32(len(w.wake)))
	w.live.Store(false)
	w.wait()
}

func (w *workers) close() {
	for _, c := range w.wake {
		close(c)
	}
	w.group.Wait()
}

func (w *workers) do(n int, task func(i int)) {
	if len(w.wake) == 0 || !w.live.Load() {
		serial{}.do(n, task)
		return
	}
	w.task, w.n = task, int32(n)
	w.next.Store(0)
	w.left.Store(int32(len(w.wake)))
	w.call.Add(1)
	w.take()
	w.wait()
}

// take does tasks until none is left.
func (w *workers) take() {
	for i := w.next.Add(1) - 1; i < w.n; i = w.next.Add(1) - 1 {
		w.task(int(i))
	}
}

// loop is a worker's life: sleep until begin, then spin for calls until end.
func (w *workers) loop(wake chan struct{}) {
	for range wake {
		call := w.call.Load()
		w.left.Add(-1)
		for w.await(&call) {
			w.take()
			w.left.Add(-1)
		}
		w.left.Add(-1)
	}
}

// await spins until the next call (true) or the end (false). It yields now and
// then: there may be fewer free cores than workers.
func (w *workers) await(call *int64) bool {
	for spin := 1; ; spin++ {
		if c := w.call.Load(); c != *call {
			*call = c
			return true
		}
		if !w.live.Load() {
			return false
		}
		if spin%256 == 0 {
			runtime.Gosched()
		}
	}
}

func (w *workers) wait() {
	for spin := 1; w.left.Load() > 0; spin++ {
		if spin%256 == 0 {
			runtime.Gosched()
		}
	}
}
