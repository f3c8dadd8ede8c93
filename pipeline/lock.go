package pipeline

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// lockFile is held by the run that works in a folder. It goes when the run
// ends; what a kill leaves holds nothing.
const lockFile = ".cellvi.lock"

// lock makes outdir where it is missing and keeps other runs out of it, until
// the function it returns is called.
func lock(outdir string) (unlock func() error, err error) {
	if err := os.MkdirAll(outdir, 0o777); err != nil {
		return nil, createError(outdir, err)
	}
	path := filepath.Join(outdir, lockFile)
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, createError(outdir, err)
		}
		err = take(f, outdir)
		if err == nil && isStill(f, path) {
			return func() error { return errors.Join(os.Remove(path), f.Close()) }, nil
		}
		if closed := f.Close(); err != nil || closed != nil {
			return nil, errors.Join(err, closed)
		}
		// Its holder removed the file between our opening and our locking it.
	}
}

// take locks f and writes our pid into it.
func take(f *os.File, outdir string) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return CantCreate("%s: another cellvi%s is at work in this folder: wait for it, or name another with --outdir", outdir, holder(f))
	}
	if err != nil && !isLockMissing(err) {
		return createError(outdir, &os.PathError{Op: "flock", Path: f.Name(), Err: err})
	}
	if err := f.Truncate(0); err != nil {
		return createError(outdir, err)
	}
	if _, err := fmt.Fprintf(f, "%d\n", os.Getpid()); err != nil {
		return createError(outdir, err)
	}
	return nil
}

// isLockMissing tells a file system without locks, where none can be had.
func isLockMissing(err error) bool {
	return errors.Is(err, unix.ENOLCK) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP)
}

// holder names the process that holds the lock, as far as it can be read.
func holder(f *os.File) string {
	text, err := io.ReadAll(io.LimitReader(f, 20))
	pid := strings.TrimSpace(string(text))
	if err != nil || pid == "" {
		return ""
	}
	return " (process " + pid + ")"
}

// isStill tells whether path still names the file f.
func isStill(f *os.File, path string) bool {
	ours, err1 := f.Stat()
	named, err2 := os.Stat(path)
	return err1 == nil && err2 == nil && os.SameFile(ours, named)
}
