package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// hasher gives SHA-256 of files, each read once as long as it does not change:
// what one stage wrote the next one reads.
type hasher struct {
	outdir string
	known  map[stamp]string

	advance func(n int64) // told of bytes as they are read; nil: nobody asks
}

// stamp tells a file's state cheaply.
type stamp struct {
	path  string
	size  int64
	mtime time.Time
}

func newHasher(outdir string) *hasher {
	return &hasher{outdir: outdir, known: map[stamp]string{}}
}

// artifacts hashes files, and every file in folders, in the order of names.
// Hidden names are passed over: they are nobody's output.
func (h *hasher) artifacts(ctx context.Context, paths []string) ([]Artifact, error) {
	all := []Artifact{}
	for _, root := range paths {
		err := h.each(ctx, root, func(_ string, a Artifact) error {
			all = append(all, a)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// each gives do the file root, or those in the folder root.
func (h *hasher) each(ctx context.Context, root string, do func(path string, a Artifact) error) error {
	if isDir(root) {
		root += string(filepath.Separator) // so that a link to a folder is walked too
	}
	return filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != root && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case isDir(p):
			return nil
		}
		if err := CheckInput(p); err != nil {
			return err
		}
		a, err := h.file(ctx, p)
		if err != nil {
			return err
		}
		return do(p, a)
	})
}

// isDir follows links, as opening does.
func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// file hashes one file.
func (h *hasher) file(ctx context.Context, path string) (Artifact, error) {
	f, err := os.Open(path)
	if err != nil {
		return Artifact{}, err
	}
	defer f.Close() // only read from
	info, err := f.Stat()
	if err != nil {
		return Artifact{}, err
	}
	id := stamp{path, info.Size(), info.ModTime()}
	sum, ok := h.known[id]
	if !ok {
		if sum, err = sumOf(ctx, watched{f, h.advance}); err != nil {
			return Artifact{}, err
		}
		h.known[id] = sum
	}
	return Artifact{Path: h.relative(path), Size: info.Size(), SHA256: sum}, nil
}

// watched is a file that tells how many bytes were read of it.
type watched struct {
	*os.File
	advance func(n int64) // nil: nobody asks
}

// Read reads.
func (w watched) Read(p []byte) (int, error) {
	n, err := w.File.Read(p)
	if w.advance != nil {
		w.advance(int64(n))
	}
	return n, err
}

func sumOf(ctx context.Context, f io.Reader) (string, error) {
	hash := sha256.New()
	buffer := make([]byte, 1<<20)
	for {
		n, err := f.Read(buffer)
		hash.Write(buffer[:n]) // a hash never fails
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(hash.Sum(nil)), nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return "", err
		}
	}
}

// relative is the path from outdir for a file in it, so that a folder can be
// moved; other paths stay as given.
func (h *hasher) relative(path string) string {
	rel, err := filepath.Rel(h.outdir, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return path
	}
	return rel
}

// sameContents tells whether two lists are of the same files by content, in the
// same order. What a file is called does not count.
func sameContents(a, b []Artifact) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].SHA256 != b[i].SHA256 || a[i].Size != b[i].Size {
			return false
		}
	}
	return true
}
