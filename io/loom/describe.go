package loom

import (
	"cellvi/io/counts"
	"cellvi/io/h5matrix"
	"cellvi/io/hdf5"
)

// Describe says what is in a file without reading counts. A layer that is damaged is
// listed with its Problem; a file whose attributes are damaged is an error.
func Describe(path string, opt Options) (*counts.Description, error) {
	s := source{how: h5matrix.Options{Memory: opt.Memory, Pool: hdf5.NewDecoders(0)}}
	defer s.close()
	if err := s.open(path); err != nil {
		return nil, err
	}
	genes, cells := s.genes.header(), s.cells.header()
	d := &counts.Description{Format: "loom", Cells: s.cells.rows, Genes: s.genes.rows,
		Obs: counts.Annotations(&cells), Var: counts.Annotations(&genes)}
	names, err := s.matrices()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		m, err := s.openMatrix(name)
		if err != nil {
			d.Matrices = append(d.Matrices, counts.Matrix{Name: name, Problem: err.Error()})
			continue
		}
		d.Matrices = append(d.Matrices, h5matrix.Describe(name, m))
		m.Close()
	}
	return d, nil
}
