//go:build cgo

package loom

import (
	"os"
	"testing"

	"cellvi/io/counts/countstest"
)

// factsOf opens a file and reads it whole.
func factsOf(path string, opt Options) (countstest.Facts, error) {
	r, err := Open(path, opt)
	if err != nil {
		return countstest.Facts{}, err
	}
	return countstest.FactsOf(r)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// closed checks that no handle keeps a file open, which libhdf5 would.
func closed(t testing.TB, path string) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return // no /proc here to count open files in
	}
	for _, fd := range fds {
		if target, _ := os.Readlink("/proc/self/fd/" + fd.Name()); target == path {
			t.Errorf("%s is still open", path)
		}
	}
}
