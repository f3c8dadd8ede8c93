//go:build cgo

package tenx

import (
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
