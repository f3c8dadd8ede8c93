package pipeline

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// lockFile is held by the run that works in a folder. It goes when the run
// ends; what a kill leaves holds nothing.
const lockFile = ".cellvi.lock"

// Lock is a folder that one run at a time may work in.
type Lock struct {
	Dir  string // made where it is missing
	Flag string // that names it, for the error
}

// lockAll takes the locks of a run: of its folder and of those that its stages
// name. It gives what lets go of them all.
func lockAll(outdir string, stages []Stage) (unlock func() error, err error) {
	var taken []string
	var release []func() error
	unlock = func() (err error) {
		for _, free := range release {
			err = errors.Join(err, free())
		}
		return err
	}
	for _, l := range locksOf(outdir, stages) {
		if isAmong(l.Dir, taken) {
			continue
		}
		free, err := lock(l)
		if err != nil {
			return nil, errors.Join(err, unlock())
		}
		taken, release = append(taken, l.Dir), append(release, free)
	}
	return unlock, nil
}

// locksOf are the locks of a run: of its folder, and of those that its stages name.
func locksOf(outdir string, stages []Stage) []Lock {
	locks := []Lock{{outdir, "--outdir"}}
	for _, s := range stages {
		locks = append(locks, s.Plan().Locks...)
	}
	return locks
}

// isAmong tells whether dir is one of the folders, by whatever name.
func isAmong(dir string, folders []string) bool {
	info, err := os.Stat(dir)
	for _, f := range folders {
		other, err2 := os.Stat(f)
		if err == nil && err2 == nil && os.SameFile(info, other) {
			return true
		}
	}
	return false
}

// lock keeps other runs out of a folder until the function it returns is called.
func lock(l Lock) (unlock func() error, err error) {
	if err := isOpen(l); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(l.Dir, 0o777); err != nil {
		return nil, createError(l.Dir, err)
	}
	path := filepath.Join(l.Dir, lockFile)
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, createError(l.Dir, err)
		}
		held, err := take(f, l)
		if err == nil && isStill(f, path) {
			return func() error { return errors.Join(os.Remove(path), f.Close()) }, nil
		}
		if held && err != nil {
			_ = os.Remove(path) // err is the one to tell
		}
		if closed := f.Close(); err != nil || closed != nil {
			return nil, errors.Join(err, closed)
		}
		// Its holder removed the file between our opening and our locking it.
	}
}

// isOpen refuses to work in a folder that PublishDir made, such as a run's store: what
// is written there beside its files would make it one that no stage takes any more.
func isOpen(l Lock) error {
	_, err := os.Lstat(filepath.Join(l.Dir, SumsFile))
	if finished := err == nil; !finished { // what cannot be looked at is told where it is opened
		return nil
	}
	return CantCreate("%s: holds %s, being a finished result, to which nothing may be added: name another folder with %s", l.Dir, SumsFile, l.Flag)
}

// take locks f, and if held writes into it who we are.
func take(f *os.File, l Lock) (held bool, err error) {
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, isTaken(f, l)
	}
	if err != nil && !isLockMissing(err) {
		return false, createError(l.Dir, &os.PathError{Op: "flock", Path: f.Name(), Err: err})
	}
	host, _ := os.Hostname() // where it is not known there is less to tell
	err = f.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintf(f, "%d %s %s\n", os.Getpid(), time.Now().Format(time.DateTime), host)
	}
	if err != nil {
		return true, createError(l.Dir, err)
	}
	return true, nil
}

// isTaken is the error where another holds the lock f.
func isTaken(f *os.File, l Lock) error {
	return CantCreate("%s: another cellvi%s is at work in this folder: wait for it, or name another with %s", l.Dir, holder(f), l.Flag)
}

// isLockMissing tells a file system without locks, where none can be had.
func isLockMissing(err error) bool {
	return errors.Is(err, unix.ENOLCK) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP)
}

// holder names the process that holds the lock, as far as it can be read. One that
// took it this instant has yet to write who it is: it is given a second.
func holder(f *os.File) string {
	for range 50 {
		text, err := io.ReadAll(io.NewSectionReader(f, 0, 200))
		words := strings.Fields(string(text))
		switch {
		case err != nil:
			return ""
		case len(words) < 3 || !strings.HasSuffix(string(text), "\n"):
			time.Sleep(20 * time.Millisecond)
			continue
		}
		who := "process " + words[0]
		if len(words) > 3 {
			who += " on " + words[3]
		}
		return " (" + who + ", since " + words[1] + " " + words[2] + ")"
	}
	return ""
}

// isStill tells whether path still names the file f.
func isStill(f *os.File, path string) bool {
	ours, err1 := f.Stat()
	named, err2 := os.Stat(path)
	return err1 == nil && err2 == nil && os.SameFile(ours, named)
}
