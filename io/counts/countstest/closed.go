package countstest

import (
	"os"
	"testing"
)

// Closed checks that no handle of this process keeps a file open.
func Closed(t testing.TB, path string) {
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
