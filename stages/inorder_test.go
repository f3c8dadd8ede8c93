package stages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"cellvi/pipeline"
)

func TestInOrder(t *testing.T) {
	for _, threads := range []int{1, 2, 7} {
		var got []int
		err := inOrder(t.Context(), threads, 100,
			func(i int, into *[]int) error { *into = append((*into)[:0], i, i*i); return nil },
			func(i int, piece *[]int) error { got = append(got, (*piece)[1]); return nil })
		check(t, err)
		if len(got) != 100 || !slices.IsSorted(got) || got[99] != 99*99 {
			t.Errorf("%d threads: %v", threads, got)
		}
	}
}

// TestInOrderEnds: the first piece that fails is the one told of, a panic is an
// error, and a cancelled context ends it.
func TestInOrderEnds(t *testing.T) {
	used := 0
	err := inOrder(t.Context(), 4, 50, func(i int, _ *int) error {
		if i >= 20 {
			return fmt.Errorf("piece %d", i)
		}
		return nil
	}, func(int, *int) error { used++; return nil })
	if err == nil || err.Error() != "piece 20" || used != 20 {
		t.Error(err, used)
	}
	var bug *pipeline.PanicError
	err = inOrder(t.Context(), 2, 5, func(int, *int) error { panic("no") }, func(int, *int) error { return nil })
	if !errors.As(err, &bug) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = inOrder(ctx, 2, 5, func(int, *int) error { return nil }, func(int, *int) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
