package mtx

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cellvi/io/counts"
)

// files are the three that make a table, as paths.
type files struct {
	matrix, cells, genes string
	genesFirst           bool // the layout has genes × cells, where the sizes fit both ways
	version              string
}

// Is tells whether path is a folder that holds a Matrix Market file, or is one
// itself, by its name.
func Is(path string) bool {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return err == nil && isMatrix(path)
	}
	names, err := list(path)
	return err == nil && slices.ContainsFunc(names, isMatrix)
}

func isMatrix(name string) bool { return strings.HasSuffix(plain(name), ".mtx") }

// plain is a name without the ending of gzip.
func plain(name string) string { return strings.TrimSuffix(name, ".gz") }

// list is the names of the files in a folder, in order.
func list(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// find tells which files make the table at path.
func find(path string) (*files, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	folder, matrix := path, ""
	if !info.IsDir() {
		folder, matrix = filepath.Split(path)
	}
	names, err := list(filepath.Clean(folder))
	if err != nil {
		return nil, err
	}
	if matrix == "" {
		if matrix, err = chooseMatrix(folder, names); err != nil {
			return nil, err
		}
	}
	return companions(folder, names, matrix)
}

// chooseMatrix is the one matrix of a folder: that ends in matrix.mtx, or else the only .mtx.
func chooseMatrix(folder string, names []string) (string, error) {
	var usual, any []string
	for _, name := range names {
		if !isMatrix(name) {
			continue
		}
		any = append(any, name)
		if strings.HasSuffix(plain(name), "matrix.mtx") {
			usual = append(usual, name)
		}
	}
	if len(usual) == 0 {
		usual = any
	}
	switch len(usual) {
	case 1:
		return usual[0], nil
	case 0:
		return "", &counts.InputError{File: folder, Found: "no matrix in this folder: expected matrix.mtx or .mtx.gz", Advice: below(folder)}
	}
	return "", &counts.InputError{File: folder, Found: fmt.Sprintf("%d matrices in this folder: %s", len(usual), some(usual)),
		Advice: "give one of these files as the input, not the folder"}
}

// below is advice where folders within hold a matrix.
func below(folder string) string {
	var found []string
	for _, pattern := range []string{"*", "*/*"} {
		matches, err := filepath.Glob(filepath.Join(globQuoted(folder), pattern, "*.mtx*"))
		if err != nil {
			return ""
		}
		for _, m := range matches {
			if dir := filepath.Dir(m); isMatrix(m) && !slices.Contains(found, dir) {
				found = append(found, dir)
			}
		}
	}
	if len(found) == 0 {
		return ""
	}
	return "give the folder within that holds it: " + some(found)
}

// globQuoted escapes what filepath.Glob would take for a pattern.
func globQuoted(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// some lists names for a message, at most eight.
func some(names []string) string {
	if len(names) > 8 {
		return strings.Join(names[:8], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
