package model

import (
	"sync/atomic"
	"testing"
	"time"
)

// Every task is done exactly once, call after call, whatever the waits between.
func TestWorkersDoEachTaskOnce(t *testing.T) {
	w := newWorkers(4)
	defer w.close()
	for call := range 200 {
		done := make([]atomic.Int32, 37)
		w.do(len(done), func(i int) {
			if i%13 == call%13 && call%50 == 0 {
				time.Sleep(time.Millisecond) // long enough for the others to fall asleep
			}
			done[i].Add(1)
		})
		for i := range done {
			if n := done[i].Load(); n != 1 {
				t.Fatalf("call %d: task %d was done %d times", call, i, n)
			}
		}
	}
}

// A panic in a task reaches the caller, where main turns it into an exit code.
func TestWorkersHandPanicOn(t *testing.T) {
	w := newWorkers(3)
	defer w.close()
	defer func() {
		if v := recover(); v != "broken" {
			t.Errorf("recovered %v, want the task's panic", v)
		}
	}()
	w.do(64, func(i int) {
		time.Sleep(100 * time.Microsecond) // so that every worker takes some
		panic("broken")
	})
}
