package arrowtable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cellvi/io/counts"
)

// extensions are those of the files of a folder that are read.
var extensions = []string{".parquet", ".pq", ".arrow", ".arrows", ".feather", ".ipc"}

// shardsOf lists the files of a path: itself, or those of the folder in the order
// of their names. others are folders in it, which are not read.
func shardsOf(path string) (files []string, others []string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_"):
		case e.IsDir():
			others = append(others, name)
		case slices.Contains(extensions, strings.ToLower(filepath.Ext(name))):
			files = append(files, filepath.Join(path, name))
		}
	}
	return withoutGenes(files), others, nil
}

// genesBeside is the file in which a cells store names its genes, and cellsFile the
// one with the cells.
const genesBeside, cellsFile = "genes.arrow", "cells.arrow"

// withoutGenes leaves out the genes of a cells store, which are no shard.
func withoutGenes(files []string) []string {
	has := func(name string) bool {
		return slices.ContainsFunc(files, func(f string) bool { return filepath.Base(f) == name })
	}
	if !has(cellsFile) {
		return files
	}
	return slices.DeleteFunc(files, func(f string) bool { return filepath.Base(f) == genesBeside })
}

// Is tells by its first bytes whether a file is Arrow IPC (file or stream), Feather
// or Parquet; of a folder, whether there are such files in it. It is false where the
// path cannot be read.
func Is(path string) bool {
	files, _, err := shardsOf(path)
	if err != nil {
		return false
	}
	for _, name := range files {
		if is, err := formatAt(name); err == nil && is != notArrow {
			return true
		}
	}
	return false
}

func formatAt(path string) (is format, err error) {
	f, err := os.Open(path)
	if err != nil {
		return notArrow, err
	}
	defer f.Close() // nothing was written
	return formatOf(f)
}

// openShards opens all files of a path.
func openShards(path string, memory int64) ([]file, []string, error) {
	paths, others, err := shardsOf(path)
	if err != nil {
		return nil, nil, err
	}
	if i := slices.IndexFunc(others, func(name string) bool { return strings.Contains(name, "=") }); i >= 0 {
		return nil, nil, &counts.InputError{File: path, Place: others[i], Found: "the folder is cut into sub-folders by a column, which is not read",
			Advice: "write it without partitions, or give each sub-folder as an input"}
	}
	if len(paths) == 0 {
		return nil, nil, &counts.InputError{File: path, Found: "the folder has no file that ends in " + strings.Join(extensions, ", ")}
	}
	var notes []string
	if len(others) > 0 {
		notes = append(notes, fmt.Sprintf("%s: folders in it are not read: %d, the first %s", path, len(others), counts.Printable(others[0])))
	}
	var files []file
	for _, name := range paths {
		f, err := openFile(name, memory)
		if err != nil {
			return nil, nil, errors.Join(append([]error{err}, closeAll(files))...)
		}
		files = append(files, f)
	}
	return files, notes, nil
}

func closeAll(files []file) (err error) {
	for _, f := range files {
		err = errors.Join(err, f.close())
	}
	return err
}

// exists says whether a file is there.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
