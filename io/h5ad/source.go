package h5ad

import (
	"fmt"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// source is an open file and the matrices it may hold.
type source struct {
	file *hdf5.File
	root *hdf5.Group
}

func (s *source) open(path string) (err error) {
	if s.file, err = hdf5.Open(path); err != nil {
		return err
	}
	s.root, err = s.file.Root()
	return err
}

func (s *source) close() error {
	if s.root != nil {
		s.root.Close()
	}
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// matrices lists what the file holds: X, layers by name, raw/X.
func (s *source) matrices() ([]string, error) {
	var list []string
	if there, err := s.holds("X"); err != nil {
		return nil, err
	} else if there {
		list = append(list, "X")
	}
	layers, err := s.layers()
	if err != nil {
		return nil, err
	}
	list = append(list, layers...)
	if there, err := s.holds("raw/X"); err != nil {
		return nil, err
	} else if there {
		list = append(list, "raw/X")
	}
	return list, nil
}

func (s *source) layers() ([]string, error) {
	if kind, err := s.root.Kind("layers"); err != nil || kind != hdf5.IsGroup {
		return nil, err
	}
	g, err := s.root.OpenGroup("layers")
	if err != nil {
		return nil, err
	}
	defer g.Close()
	names, err := g.Names()
	for i := range names {
		names[i] = "layers/" + names[i]
	}
	return names, err
}

// holds says whether a matrix is there; anndata may write "no X" as a dataset
// without extent.
func (s *source) holds(name string) (bool, error) {
	if strings.HasPrefix(name, "raw/") {
		if kind, err := s.root.Kind("raw"); err != nil || kind != hdf5.IsGroup {
			return false, err
		}
	}
	kind, err := s.root.Kind(name)
	if err != nil || kind != hdf5.IsDataset {
		return kind == hdf5.IsGroup, err
	}
	d, err := s.root.OpenDataset(name)
	if err != nil {
		return false, err
	}
	defer d.Close()
	return !d.Null(), nil
}

// missing says that a matrix is not there and which are.
func (s *source) missing(name string) error {
	have, err := s.matrices()
	if err != nil {
		return err
	}
	e := &counts.InputError{File: s.file.Path(), Place: "/" + name, Found: "is missing",
		Advice: "the file holds no counts"}
	if len(have) == 0 {
		return e
	}
	var flags []string
	for _, h := range have {
		flags = append(flags, "--layer "+strings.TrimPrefix(h, "layers/"))
	}
	e.Advice = fmt.Sprintf("the file has %s: choose with %s", list(have, "and"), list(flags, "or"))
	return e
}

// list joins words as a sentence does: a, b and c; a long list is cut.
func list(words []string, and string) string {
	if len(words) > 12 {
		words = append(append([]string{}, words[:12]...), fmt.Sprintf("%d more", len(words)-12))
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + and + " " + words[last]
}

// looksLike guesses what an HDF5 file without obs or var is instead.
func looksLike(root *hdf5.Group) string {
	has := func(name string) bool {
		k, err := root.Kind(name)
		return err == nil && k != hdf5.Absent
	}
	switch {
	case has("row_attrs") && has("matrix"):
		return "it looks like a loom file, not AnnData"
	case has("mod"):
		return "it looks like MuData (.h5mu): write one modality as h5ad"
	case has("matrix"):
		return "it looks like a 10x file, not AnnData"
	}
	return "is it an AnnData file?"
}
