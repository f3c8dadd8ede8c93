package model

import (
	"sync"
	"sync/atomic"
)

// runner does tasks 0 … n−1, each once, in any order, and returns when all are done.
type runner interface {
	do(n int, task func(i int))
	threads() int
}

// serial does tasks one after another.
type serial struct{}

func (serial) do(n int, task func(i int)) {
	for i := range n {
		task(i)
	}
}

func (serial) threads() int { return 1 }

// workers does tasks on several threads. Tasks are handed out by a counter, so
// which worker does which is open: a task must write only what is its own.
// One goroutine at a time calls do.
type workers struct {
	n     int // goroutines beside the caller
	group sync.WaitGroup
	task  func(i int)
	tasks int32
	next  atomic.Int32 // the next task to take
	left  atomic.Int32 // workers that have not finished the present call
	call  atomic.Int64 // counts calls; workers start when it changes
	over  atomic.Bool
	fault fault
	start gate // workers wait here for the next call
	done  gate // the caller waits here for the workers
	clock atomic.Pointer[clock]
}

// newWorkers starts threads−1 goroutines; close ends them.
func newWorkers(threads int) *workers {
	w := &workers{n: max(threads, 1) - 1}
	for range w.n {
		w.group.Go(w.loop)
	}
	return w
}

func (w *workers) threads() int { return w.n + 1 }

func (w *workers) close() {
	w.over.Store(true)
	w.start.open()
	w.group.Wait()
}

func (w *workers) do(n int, task func(i int)) {
	if w.n == 0 {
		serial{}.do(n, task)
		return
	}
	w.task, w.tasks = task, int32(n)
	w.next.Store(0)
	w.left.Store(int32(w.n))
	w.call.Add(1)
	w.start.open()
	w.take()
	c := w.clock.Load()
	t := c.now()
	w.done.wait(func() bool { return w.left.Load() == 0 })
	c.waited(t)
	w.fault.rethrow()
}

// take does tasks until none is left.
func (w *workers) take() {
	for i := w.next.Add(1) - 1; i < w.tasks; i = w.next.Add(1) - 1 {
		w.task(int(i))
	}
}

// loop is a worker's life.
func (w *workers) loop() {
	call := int64(0)
	for {
		c := w.clock.Load()
		t := c.now()
		w.start.wait(func() bool { return w.call.Load() != call || w.over.Load() })
		c.waited(t)
		if w.over.Load() {
			return
		}
		call++
		w.fault.catch(w.take)
		if w.left.Add(-1) == 0 {
			w.done.open()
		}
	}
}

// fault carries a panic from the goroutine it happened in to the one that waits
// for it, where the program can still say what happened and exit in order.
type fault struct{ first atomic.Pointer[any] }

// catch runs work and keeps the first panic.
func (f *fault) catch(work func()) {
	defer func() {
		if v := recover(); v != nil {
			f.first.CompareAndSwap(nil, &v)
		}
	}()
	work()
}

// rethrow panics with what catch kept.
func (f *fault) rethrow() {
	if v := f.first.Load(); v != nil {
		panic(*v)
	}
}

// gate lets goroutines wait for a condition: they spin for a while, because a
// step makes several calls within a few milliseconds, and then sleep, because a core
// may have been taken by somebody else: who only spins then holds up the one
// that it waits for.
type gate struct {
	mutex    sync.Mutex
	cond     sync.Cond
	sleeping atomic.Int32
}

// spins is about fifty microseconds of looking.
const spins = 50_000

// wait returns when ready says so. Whoever makes ready true must call open after.
func (g *gate) wait(ready func() bool) {
	for range spins {
		if ready() {
			return
		}
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.cond.L = &g.mutex
	g.sleeping.Add(1)
	for !ready() {
		g.cond.Wait()
	}
	g.sleeping.Add(-1)
}

// open wakes who sleeps.
func (g *gate) open() {
	if g.sleeping.Load() == 0 {
		return
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.cond.Broadcast()
}
