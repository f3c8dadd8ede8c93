//go:build cgo

package h5matrix

import "testing"

// TestTaken: what annotations take is not there for the matrix, and counts in what
// a matrix needs.
func TestTaken(t *testing.T) {
	all, some := Options{Memory: 800 << 20}, Options{Memory: 800 << 20, Taken: 400 << 20}
	if all.chunks() != 500<<20 || some.chunks() != 250<<20 || some.sorting(some.chunks()) != 100<<20 {
		t.Errorf("chunks %d and %d, sorting %d", all.chunks(), some.chunks(), some.sorting(some.chunks()))
	}
	if none := (Options{Memory: 1, Taken: 2}); none.chunks() != leastChunks || none.sorting(0) != 0 {
		t.Errorf("chunks %d, sorting %d", none.chunks(), none.sorting(0))
	}
}
