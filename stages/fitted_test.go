package stages

import (
	"errors"
	"fmt"
	"testing"

	"cellvi/pipeline"
)

// Groups are written in their order, each after it was computed and before its
// memory is used again.
func TestOverlapKeepsTheOrder(t *testing.T) {
	var groups []bounds
	for i := range 9 {
		groups = append(groups, bounds{i, i + 1})
	}
	type group struct{ from, written int }
	var got []int
	check(t, overlap(groups,
		func(g *group, from, _ int) error {
			if g.written != g.from {
				t.Errorf("group %d is computed over group %d, not yet written", from, g.from)
			}
			g.from = from
			return nil
		},
		func(g *group) error {
			got = append(got, g.from)
			g.written = g.from
			return nil
		}))
	if fmt.Sprint(got) != "[0 1 2 3 4 5 6 7 8]" {
		t.Errorf("written in the order %v", got)
	}
}

// An error or a panic on either side ends the work, after the other side is done.
func TestOverlapEnds(t *testing.T) {
	groups := []bounds{{0, 1}, {1, 2}, {2, 3}}
	fine := func(*int, int, int) error { return nil }
	broken := errors.New("broken")
	for what, c := range map[string]struct {
		compute func(*int, int, int) error
		write   func(*int) error
		code    int
	}{
		"compute":        {func(_ *int, from, _ int) error { return []error{nil, broken, nil}[from] }, func(*int) error { return nil }, 0},
		"write":          {fine, func(*int) error { return broken }, 0},
		"panic in write": {fine, func(*int) error { panic("a bug") }, pipeline.ExitBug},
	} {
		err := overlap(groups, c.compute, c.write)
		if c.code == 0 && !errors.Is(err, broken) || c.code != 0 && ExitCode(err) != c.code {
			t.Errorf("%s: got %v", what, err)
		}
	}
}
