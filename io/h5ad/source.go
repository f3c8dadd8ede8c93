package h5ad

import (
	"fmt"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// source is an open file and the matrices it may hold.
type source struct {
	file    *hdf5.File
	root    *hdf5.Group
	flatRaw bool // raw/X and raw/var are called raw.X and raw.var, as anndata before 0.7 did
}

func (s *source) open(path string) (err error) {
	if s.file, err = hdf5.Open(path); err != nil {
		return err
	}
	if s.root, err = s.file.Root(); err != nil {
		return err
	}
	return s.findRaw()
}

// findRaw tells which of the two styles of raw the file has.
func (s *source) findRaw() error {
	has := make(map[string]bool)
	for _, name := range []string{"raw.X", "raw.var", "raw/X", "raw/var"} {
		kind, err := s.root.Kind(name)
		if err != nil {
			return err
		}
		has[name] = kind != hdf5.Absent
	}
	s.flatRaw = has["raw.X"] || has["raw.var"]
	if s.flatRaw && (has["raw/X"] || has["raw/var"]) {
		return hdf5.Fault(s.root, "has raw twice: as raw.X of anndata before 0.7 and as raw/X", "delete one of them")
	}
	return nil
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

// member is where a matrix or a frame stands in the file.
func (s *source) member(name string) string {
	if rest, ok := strings.CutPrefix(name, "raw/"); ok && s.flatRaw {
		return "raw." + rest
	}
	return name
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
	e.Advice = fmt.Sprintf("the file has %s: choose with %s", counts.List(have, "and"), counts.List(flags, "or"))
	return e
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
	if has("obs") || has("var") || has("X") {
		return "is it an AnnData file?"
	}
	members, err := root.Names()
	if err != nil || len(members) == 0 {
		return "the file holds nothing"
	}
	return "the file is HDF5, but no AnnData, 10x or loom: it holds " + counts.List(members, "and")
}
