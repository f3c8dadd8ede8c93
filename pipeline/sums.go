package pipeline

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// SumsFile holds the SHA-256 of every other file of a folder that PublishDir
// made, in the form of sha256sum: `sha256sum -c cellvi.sha256` checks them, and
// so does every stage that reads the folder, wherever it was copied to.
const SumsFile = "cellvi.sha256"

// writeSums writes the folder's SumsFile. Hidden names are passed over, as in
// hasher.each: such as NFS' .nfs…, which stand for removed files until they are closed.
func writeSums(dir string) error {
	var lines strings.Builder
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := p != dir && strings.HasPrefix(e.Name(), ".")
		switch {
		case hidden && e.IsDir():
			return filepath.SkipDir
		case hidden || e.IsDir():
			return nil
		}
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		sum, err := sumOf(context.Background(), f)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		name, err := filepath.Rel(dir, p)
		fmt.Fprintf(&lines, "%s  %s\n", sum, filepath.ToSlash(name))
		return err
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, SumsFile), []byte(lines.String()), 0o666)
}

// readSums gives the sums of a folder's files by their paths; nil where the
// folder has none, being made by others.
func readSums(dir string) (map[string]string, error) {
	path := filepath.Join(dir, SumsFile)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read from
	sums := map[string]string{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		sum, name, found := strings.Cut(lines.Text(), "  ")
		if _, err := hex.DecodeString(sum); err != nil || len(sum) != 64 || !found || !filepath.IsLocal(name) {
			return nil, BadInput("%s:%d: is no line as sha256sum writes it: the file is damaged: make the folder again", path, n)
		}
		sums[filepath.Join(dir, name)] = sum
	}
	return sums, lines.Err()
}

// verified is artifacts of inputs, which must be as they were written: a folder
// that has a SumsFile is held to it. A file that is not in it is refused too, for
// a damaged name would hide a damaged file.
func (h *hasher) verified(ctx context.Context, paths []string) ([]Artifact, error) {
	all := []Artifact{}
	for _, root := range paths {
		sums, err := readSums(root)
		if err != nil {
			return nil, err
		}
		left := len(sums)
		err = h.each(ctx, root, func(path string, a Artifact) error {
			all = append(all, a)
			if sums == nil || path == filepath.Join(root, SumsFile) {
				return nil
			}
			left--
			return verify(path, a, sums[path])
		})
		if err != nil {
			return nil, err
		}
		if left > 0 {
			return nil, BadInput("%s: does not hold every file that %s lists: make the folder again, or copy all of it", root, SumsFile)
		}
	}
	return all, nil
}

// verify holds a file to the sum that its folder's SumsFile has for it, if any.
func verify(path string, is Artifact, want string) error {
	switch want {
	case is.SHA256:
		return nil
	case "":
		return BadInput("%s: is not among the files that %s beside it lists: it was added, or the list is damaged: remove it, or make the folder again", path, SumsFile)
	}
	return BadInput("%s: is not as cellvi wrote it: its SHA-256 begins with %s, that in %s with %s: it was damaged or changed: make the folder again, or copy it anew",
		path, is.SHA256[:12], SumsFile, want[:12])
}

// trust takes over the sums of folders that were just published, so that what
// was hashed then is not hashed again.
func (h *hasher) trust(folders []string) error {
	for _, dir := range folders {
		sums, err := readSums(dir)
		if err != nil {
			return err
		}
		for path, sum := range sums {
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			h.known[stamp{path, info.Size(), info.ModTime()}] = sum
		}
	}
	return nil
}
