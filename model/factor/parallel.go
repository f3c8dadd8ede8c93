package factor

import (
	"sync"
	"sync/atomic"
)

// parallel calls do(0) … do(n−1) on so many threads, in any order. A panic comes
// back to the caller.
func parallel(threads, n int, do func(i int)) {
	if threads = min(threads, n); threads <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var group sync.WaitGroup
	var fault atomic.Value
	for range threads {
		group.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					fault.Store([]any{p})
				}
			}()
			for i := int(next.Add(1) - 1); i < n; i = int(next.Add(1) - 1) {
				do(i)
			}
		})
	}
	group.Wait()
	if p, ok := fault.Load().([]any); ok {
		panic(p[0])
	}
}
