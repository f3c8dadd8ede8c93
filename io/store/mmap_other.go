//go:build !unix

package store

import (
	"io"
	"os"
)

// mapFile reads the whole file where the system has no mmap of this form.
func mapFile(f *os.File, size int) ([]byte, error) {
	b := make([]byte, size)
	_, err := io.ReadFull(f, b)
	return b, err
}

func unmapFile([]byte) error { return nil }

// There is no mapping to give advice about.
func releasePages([]byte, int64, int64) {}
func expectPages([]byte, int64, int64)  {}
