package pipeline

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// PublishFile has write make a file under a hidden temporary name beside path
// and gives it its name only when it is whole: fsync, close, rename, fsync of
// the folder. After an error whatever stood at path before still stands. What
// an earlier kill left under the temporary name is removed first. The folder
// of path is made where it is missing.
func PublishFile(path string, write func(tmp string) error) error {
	return publishFile(realDisk{}, path, write)
}

// PublishDir does for a folder of files what PublishFile does for one: write
// gets an empty folder, and path becomes that folder in one step, instead of
// the folder that stood there before, if one did. Beside write's files it holds a
// SumsFile of them. An older folder is replaced
// only where all that it holds are files named as write's, or as in replaces:
// see CheckReplaceable.
func PublishDir(path string, write func(tmpDir string) error, replaces ...string) error {
	return publishDir(realDisk{}, path, write, replaces...)
}

// disk is what publishing asks of the file system, so that tests can trace and
// break every call.
type disk interface {
	mkdirAll(path string) error
	mkdir(path string) error
	removeAll(path string) error
	sync(path string) error // of a file or a folder
	rename(from, to string) error
	exchange(a, b string) error // both keep existing, under each other's name
}

// temporarySuffix ends the names that temporary gives.
const temporarySuffix = ".cellvi-part"

// temporary is where path is made: hidden, and the same at every try, so that
// what a kill left is found and removed.
func temporary(path string) string {
	dir, name := filepath.Split(filepath.Clean(path))
	return filepath.Join(dir, "."+name+temporarySuffix)
}

func publishFile(d disk, path string, write func(tmp string) error) error {
	tmp := temporary(path)
	if err := clear(d, path, tmp); err != nil {
		return err
	}
	if err := write(tmp); err != nil {
		return abandon(d, tmp, writeError(path, err))
	}
	err := settle(d, path, d.sync, func() error { return d.rename(tmp, path) })
	if err != nil {
		return abandon(d, tmp, createError(path, err))
	}
	return nil
}

func publishDir(d disk, path string, write func(tmpDir string) error, replaces ...string) error {
	tmp := temporary(path)
	if err := clear(d, path, tmp); err != nil {
		return err
	}
	if err := d.mkdir(tmp); err != nil {
		return createError(path, err)
	}
	if err := write(tmp); err != nil {
		return abandon(d, tmp, writeError(path, err))
	}
	if err := writeSums(tmp); err != nil {
		return abandon(d, tmp, writeError(path, err))
	}
	if err := checkReplaces(tmp, path, replaces); err != nil {
		return abandon(d, tmp, err)
	}
	sync := func(p string) error { return syncTree(d, p) }
	err := settle(d, path, sync, func() error { return replaceDir(d, tmp, path) })
	if err != nil {
		return abandon(d, tmp, createError(path, err))
	}
	_ = d.removeAll(tmp) // the folder that was replaced; what cannot be removed now is removed by the next run
	return nil
}

// clear makes the folder of path and removes what an earlier kill left.
func clear(d disk, path, tmp string) error {
	if err := d.mkdirAll(filepath.Dir(path)); err != nil {
		return createError(path, err)
	}
	if err := d.removeAll(tmp); err != nil {
		return createError(path, err)
	}
	return nil
}

// settle makes what write left durable, gives it its name, and makes the name
// durable.
func settle(d disk, path string, sync func(string) error, name func() error) error {
	if err := sync(temporary(path)); err != nil {
		return err
	}
	if err := name(); err != nil {
		return err
	}
	return d.sync(filepath.Dir(path))
}

// replaceDir names the folder tmp path. An older folder at path then stands at
// tmp, for the caller to remove.
func replaceDir(d disk, tmp, path string) error {
	err := d.rename(tmp, path)
	if err == nil || !isOccupied(err) {
		return err
	}
	if err := d.exchange(tmp, path); !cannotExchange(err) {
		return err
	}
	// Not in one step here: a kill between the two leaves no folder at path,
	// never half of one.
	old := tmp + "-old"
	if err := d.removeAll(old); err != nil {
		return err
	}
	if err := d.rename(path, old); err != nil {
		return err
	}
	if err := d.rename(tmp, path); err != nil {
		return errors.Join(err, d.rename(old, path))
	}
	return d.removeAll(old)
}

func isOccupied(err error) bool {
	return errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST)
}

func cannotExchange(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP)
}

// abandon removes the temporary. err is the one to tell: a temporary that
// cannot be removed now is removed by the next run.
func abandon(d disk, tmp string, err error) error {
	_ = d.removeAll(tmp)
	return err
}

// syncTree makes every file in the folder and the folders themselves durable.
func syncTree(d disk, root string) error {
	return filepath.WalkDir(root, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return d.sync(p)
	})
}

// realDisk is the operating system's.
type realDisk struct{}

func (realDisk) mkdirAll(path string) error   { return os.MkdirAll(path, 0o777) }
func (realDisk) mkdir(path string) error      { return os.Mkdir(path, 0o777) }
func (realDisk) removeAll(path string) error  { return os.RemoveAll(path) }
func (realDisk) rename(from, to string) error { return os.Rename(from, to) }

func (realDisk) exchange(a, b string) error {
	err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
	if err != nil {
		return &os.LinkError{Op: "exchange", Old: a, New: b, Err: err}
	}
	return nil
}

func (realDisk) sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync()
	if isDirSyncMissing(err) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// isDirSyncMissing tells a file system that cannot fsync a folder: it answers
// EINVAL, and nothing more can be done there.
func isDirSyncMissing(err error) bool { return errors.Is(err, unix.EINVAL) }
