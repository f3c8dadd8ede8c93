package pipeline

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// CheckReplaceable tells whether a new folder may take the place of what stands
// at path: nothing, or a folder of regular files with the given names (and
// hidden temporaries of ours). Anything else is the user's and would be lost:
// exit 73.
func CheckReplaceable(path string, names []string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return createError(path, err)
	case !info.IsDir():
		return CantCreate("%s: is no folder, and a folder of that name is to be made: move it away, or name another folder", path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return createError(path, err)
	}
	for _, e := range entries {
		ours := e.Name() == SumsFile || slices.Contains(names, e.Name())
		if !isTemporary(e.Name()) && !(e.Type().IsRegular() && ours) {
			return CantCreate("%s: holds %s, which cellvi did not write: move it away, or name another folder", path, e.Name())
		}
	}
	return nil
}

// checkReplaces is CheckReplaceable for the whole folder tmp that is to become
// path.
func checkReplaces(tmp, path string, more []string) error {
	entries, err := os.ReadDir(tmp)
	if err != nil {
		return createError(path, err)
	}
	names := slices.Clone(more)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return CheckReplaceable(path, names)
}

// isTemporary tells the names that temporary gives.
func isTemporary(name string) bool {
	return strings.HasPrefix(name, ".") && strings.HasSuffix(strings.TrimSuffix(name, "-old"), temporarySuffix)
}
