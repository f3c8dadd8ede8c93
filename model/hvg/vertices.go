package hvg

import (
	"math"
	"slices"
)

// vertices are the places of the regression, ascending: the ends of the range,
// half a hundredth beyond the data, and cuts near the median of the points
// between two vertices until no more than a fifth of a neighbourhood is left
// between them (cloess's k-d tree, here in one dimension).
func (s *smoother) vertices() []float64 {
	n := len(s.x)
	first, last := s.x[0], s.x[n-1]
	// ehg126's margin; its last terms keep the box open where all x are one.
	largest := max(math.Abs(first), math.Abs(last))
	margin := 0.005 * max(last-first, 1e-10*largest+1e-30)
	ends := [2]float64{first - margin, last + margin}
	small := int(float64(n) * (s.span * cellShare))
	at := s.cut(0, n, ends[0], ends[1], small, ends[:])
	slices.Sort(at)
	return at
}

// cut splits the points x[lo:hi], between vertices left and right, until small
// or fewer remain in each part, and appends the cuts to at.
func (s *smoother) cut(lo, hi int, left, right float64, small int, at []float64) []float64 {
	if hi-lo <= small || right-left <= 0 {
		return at
	}
	m := s.middle(lo, hi)
	v := s.x[m]
	if v == left || v == right {
		return at
	}
	at = append(at, v)
	at = s.cut(lo, m+1, left, v, small, at)
	return s.cut(m+1, hi, v, right, small, at)
}

// middle is the last point of the lower half of x[lo:hi], moved to the nearest
// place where the next x is larger: above the median first, then below, then
// farther. Where the search meets an end there is none, and it stays (ehg124).
func (s *smoother) middle(lo, hi int) int {
	m := (lo + hi - 1) / 2
	for step := 0; ; step++ {
		for _, k := range [2]int{m + step, m - step} {
			if k >= hi-1 || k < lo {
				return m
			}
			if s.x[k] != s.x[k+1] {
				return k
			}
		}
	}
}
