package stages

import (
	"context"
	"sync"

	"cellvi/pipeline"
)

// inOrder has pieces 0 … n−1 read by several goroutines, and used one after the
// other, in order, by the caller's: so what is made of them is the same for any
// number of threads. read fills a T, of which there are few, used again. The
// first error, in the pieces' order, ends it.
func inOrder[T any](ctx context.Context, threads, n int, read func(i int, into *T) error, use func(i int, piece *T) error) error {
	type turn struct {
		i     int
		piece T
		done  chan error
	}
	turns := make([]turn, threads+1)
	jobs := make(chan *turn, len(turns))
	var group sync.WaitGroup
	defer group.Wait()
	defer close(jobs)
	for k := range turns {
		turns[k].done = make(chan error, 1)
	}
	for range threads {
		group.Go(func() {
			for t := range jobs {
				t.done <- pipeline.Guard(func() error { return read(t.i, &t.piece) })
			}
		})
	}
	for i, next := 0, 0; i < n; i++ {
		for ; next < n && next < i+len(turns); next++ {
			t := &turns[next%len(turns)]
			t.i = next
			jobs <- t
		}
		t := &turns[i%len(turns)]
		err := <-t.done
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = use(i, &t.piece)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
