package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sumsFile is what a published folder says of its files, as sha256sum writes it.
const sumsFile = "cellvi.sha256"

// resum makes a folder's checksums anew, in the order and for the names that they had.
func resum(dir string) error {
	path := filepath.Join(dir, sumsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		_, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(data), name)
	}
	return os.WriteFile(path, []byte(out.String()), 0o666)
}

// checkSums holds a folder's files to what it says of them.
func checkSums(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, sumsFile))
	if err != nil {
		return err
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if fmt.Sprintf("%x", sha256.Sum256(data)) != sum {
			return fmt.Errorf("%s is not what %s says", filepath.Join(dir, name), sumsFile)
		}
		n++
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != n+1 {
		return fmt.Errorf("%s names %d files, and there are %d (%w)", filepath.Join(dir, sumsFile), n, len(entries)-1, err)
	}
	return nil
}
