package loom

import (
	"fmt"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/h5matrix"
	"cellvi/io/hdf5"
)

// Is tells by a file's members whether it is a loom file.
func Is(root *hdf5.Group) (bool, error) {
	if kind, err := root.Kind("matrix"); kind != hdf5.IsDataset || err != nil {
		return false, err
	}
	for _, name := range []string{"row_attrs", "col_attrs"} {
		if kind, err := root.Kind(name); kind != hdf5.IsGroup || err != nil {
			return false, err
		}
	}
	return true, nil
}

// source is an open file with its cells and genes.
type source struct {
	file  *hdf5.File
	root  *hdf5.Group
	how   h5matrix.Options
	cells *attributes
	genes *attributes
	notes []string
}

// open opens the file and the attributes of both axes of the matrix.
func (s *source) open(path string) (err error) {
	if s.file, err = hdf5.Open(path); err != nil {
		return err
	}
	if s.root, err = s.file.Root(); err != nil {
		return err
	}
	if yes, err := Is(s.root); err != nil {
		return err
	} else if !yes {
		return &counts.InputError{File: path, Found: "is no loom file: a dataset matrix and the groups row_attrs and col_attrs are expected"}
	}
	genes, cells, err := s.shape()
	if err != nil {
		return err
	}
	if s.genes, err = s.attributes("row_attrs", genes, geneNames()); err != nil {
		return err
	}
	if s.cells, err = s.attributes("col_attrs", cells, cellNames()); err != nil {
		return err
	}
	s.how.Taken = s.cells.taken
	if s.cells.names != nil {
		return nil
	}
	return s.plausible()
}

// plausible is for files without names of cells, whose number the matrix alone claims.
func (s *source) plausible() error {
	d, err := s.root.OpenDataset("matrix")
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Plausible()
}

// shape is that of the matrix: genes × cells.
func (s *source) shape() (genes, cells int64, err error) {
	d, err := s.root.OpenDataset("matrix")
	if err != nil {
		return 0, 0, err
	}
	defer d.Close()
	shape := d.Shape()
	if len(shape) != 2 {
		return 0, 0, hdf5.Fault(d, fmt.Sprintf("has shape %v, genes × cells expected", shape), hdf5.Damaged)
	}
	if shape[0] >= 1<<31 {
		return 0, 0, hdf5.Fault(d, fmt.Sprintf("has %d genes", shape[0]), hdf5.Damaged)
	}
	return shape[0], shape[1], nil
}

// place is where in the file a layer is: X and matrix stand for the main matrix.
func place(layer string) string {
	switch {
	case layer == "" || layer == "X" || layer == "matrix":
		return "matrix"
	case strings.HasPrefix(layer, "layers/"):
		return layer
	}
	return "layers/" + layer
}

// openMatrix opens a layer, which must have the matrix's shape.
func (s *source) openMatrix(layer string) (h5matrix.Matrix, error) {
	name := place(layer)
	if there, err := s.holds(name); err != nil {
		return nil, err
	} else if !there {
		return nil, s.missing(name)
	}
	d, err := s.root.OpenDataset(name)
	if err != nil {
		return nil, err
	}
	m, err := h5matrix.OpenDense(d, true, s.how)
	if err != nil {
		return nil, err
	}
	if is := m.About(); is.Cells != s.cells.rows || is.Genes != s.genes.rows {
		defer m.Close()
		return nil, hdf5.Fault(is.At, fmt.Sprintf("has shape %d × %d, but matrix has %d × %d", is.Genes, is.Cells, s.genes.rows, s.cells.rows), hdf5.Damaged)
	}
	return m, nil
}

// holds says whether a matrix or a layer is there.
func (s *source) holds(name string) (bool, error) {
	if strings.HasPrefix(name, "layers/") {
		if kind, err := s.root.Kind("layers"); err != nil || kind != hdf5.IsGroup {
			return false, err
		}
	}
	kind, err := s.root.Kind(name)
	return kind == hdf5.IsDataset, err
}

// matrices lists what the file holds.
func (s *source) matrices() ([]string, error) {
	found := []string{"matrix"}
	if kind, err := s.root.Kind("layers"); err != nil || kind != hdf5.IsGroup {
		return found, err
	}
	g, err := s.root.OpenGroup("layers")
	if err != nil {
		return nil, err
	}
	defer g.Close()
	names, err := g.Names()
	for _, name := range names {
		found = append(found, "layers/"+name)
	}
	return found, err
}

// missing says that a layer is not there and which are.
func (s *source) missing(name string) error {
	have, err := s.matrices()
	if err != nil {
		return err
	}
	flags := make([]string, len(have))
	for i, h := range have {
		flags[i] = "--layer " + strings.TrimPrefix(h, "layers/")
	}
	return &counts.InputError{File: s.file.Path(), Place: "/" + name, Found: "is missing",
		Advice: "the file has " + counts.List(have, "and") + ": choose with " + counts.List(flags, "or")}
}

func (s *source) close() error {
	for _, a := range []*attributes{s.genes, s.cells} {
		if a != nil {
			a.close()
		}
	}
	if s.root != nil {
		s.root.Close()
	}
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}
