package pipeline

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// isFree tells, without making anything, whether a run could take the folder: that
// nobody works in it, and that it can be written to, or made.
func isFree(l Lock) error {
	if err := isHeld(l); err != nil {
		return err
	}
	if err := isOpen(l); err != nil {
		return err
	}
	return CheckWritable(l.Dir, l.Dir)
}

// isHeld tells whether another run works in the folder. A lock that is shared, on a
// file that is only read, is let go at once: it changes no file.
func isHeld(l Lock) error {
	f, err := os.Open(filepath.Join(l.Dir, lockFile))
	if err != nil {
		return nil // what there is not, nobody holds; what cannot be opened, the folder's own check tells
	}
	defer f.Close() // only read from
	if err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		return isTaken(f, l)
	}
	return nil
}
