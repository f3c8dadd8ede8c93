package h5ad

import (
	"errors"

	"cellvi/io/counts"
	"cellvi/io/h5matrix"
	"cellvi/io/hdf5"
)

// noLimit is the memory for opening without reading: what reading would take is
// not what Describe says.
const noLimit = 1 << 40

// Describe says what is in a file without reading counts. A matrix that is
// damaged is listed with its Problem; a file that has no cells or genes to
// describe is an error.
func Describe(path string) (*counts.Description, error) {
	var s source
	defer s.close()
	if err := s.open(path); err != nil {
		return nil, err
	}
	d := &counts.Description{Format: "AnnData (.h5ad)"}
	var err error
	if d.Cells, d.Obs, err = s.annotations("obs"); err != nil {
		return nil, err
	}
	if d.Genes, d.Var, err = s.annotations("var"); err != nil {
		return nil, err
	}
	names, err := s.matrices()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := s.describe(d, name); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// describe adds one matrix to d.
func (s *source) describe(d *counts.Description, name string) error {
	m := counts.Matrix{Name: name}
	err := s.fillIn(&m, d)
	var fault *counts.InputError
	var large *counts.MemoryError
	switch {
	case errors.As(err, &fault), errors.As(err, &large):
		m.Problem = err.Error()
	case err != nil:
		return err
	}
	d.Matrices = append(d.Matrices, m)
	return nil
}

// fillIn says what the matrix is; a fault of it is the error, or m.Problem.
func (s *source) fillIn(m *counts.Matrix, d *counts.Description) error {
	genes := d.Genes
	if m.Name == "raw/X" {
		var err error
		if genes, _, err = s.annotations(s.member("raw/var")); err != nil {
			return err
		}
	}
	opened, err := s.openMatrix(Options{Matrix: m.Name, Memory: noLimit, pool: hdf5.NewDecoders(0)}.filled(), d.Cells, genes)
	if err != nil {
		return err
	}
	defer opened.Close()
	*m = h5matrix.Describe(m.Name, opened)
	return checkShape(opened.About(), d.Cells, genes)
}

func (s *source) annotations(name string) (rows int64, list []counts.Annotation, err error) {
	f, err := openFrame(s.root, name, h5matrix.Options{Memory: noLimit})
	if err != nil {
		return 0, nil, err
	}
	defer f.close()
	for _, c := range f.columns {
		a := counts.Annotation{Name: c.meta.Name, Kind: c.meta.Kind.String()}
		if c.meta.Kind == counts.Categorical {
			a.Levels = c.meta.Levels
		}
		list = append(list, a)
	}
	for _, skipped := range f.skipped {
		list = append(list, counts.Annotation{Name: skipped.name, Problem: skipped.why})
	}
	return f.rows, list, nil
}
