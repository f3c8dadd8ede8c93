package pipeline

import (
	"io/fs"
	"os"
	"path/filepath"
)

// SizeOf is the bytes of a file, or of all files in a folder; an error where there is
// neither.
func SizeOf(path string) (size int64, err error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		if err == nil {
			size = info.Size()
		}
		return size, err
	}
	err = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if info, err := e.Info(); err == nil { // gone meanwhile: no matter
			size += info.Size()
		}
		return nil
	})
	return size, err
}
