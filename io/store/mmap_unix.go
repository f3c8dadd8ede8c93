//go:build unix

package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapFile is the file's bytes, read when touched.
func mapFile(f *os.File, size int) ([]byte, error) {
	b, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, &os.PathError{Op: "mmap", Path: f.Name(), Err: err}
	}
	return b, nil
}

func unmapFile(b []byte) error { return unix.Munmap(b) }

// releasePages and expectPages are hints about bytes start … end−1 of a mapping:
// that the system does not follow them is no error.
func releasePages(b []byte, start, end int64) { advise(b, start, end, unix.MADV_DONTNEED) }
func expectPages(b []byte, start, end int64)  { advise(b, start, end, unix.MADV_WILLNEED) }

// advise rounds outward to whole pages: a neighbour's page comes again too.
func advise(b []byte, start, end int64, advice int) {
	page := int64(os.Getpagesize())
	start = start / page * page
	if start < end {
		_ = unix.Madvise(b[start:end], advice)
	}
}
