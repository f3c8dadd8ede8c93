package stages

import (
	"slices"
	"sort"
)

// drawnCells is the most cells that the report's pictures show: more would
// only cover each other, and the page would no longer be small.
const drawnCells = 20_000

// sample is the cells to draw, in two orders.
type sample struct {
	rows []uint32 // of the cells, ascending
	at   []int    // beside each, its place in the order in which to draw
}

// newSample takes all of n cells, or drawnCells of them at random, in a random
// order that depends on n alone.
func newSample(n int) sample {
	order := slices.Clone(permutation(n, 0)[:min(n, drawnCells)])
	s := sample{rows: make([]uint32, len(order)), at: make([]int, len(order))}
	for i := range s.at {
		s.at[i] = i
	}
	slices.SortFunc(s.at, func(a, b int) int { return int(order[a]) - int(order[b]) })
	for i, at := range s.at {
		s.rows[i] = order[at]
	}
	return s
}

func (s *sample) len() int { return len(s.rows) }

// each calls do for each cell of the sample among the n cells from row on, with
// its place in the order of drawing and its index among the n.
func (s *sample) each(row, n int, do func(at, i int)) {
	first := sort.Search(len(s.rows), func(k int) bool { return int(s.rows[k]) >= row })
	for k := first; k < len(s.rows) && int(s.rows[k]) < row+n; k++ {
		do(s.at[k], int(s.rows[k])-row)
	}
}
