package tenx

import (
	"cellvi/io/counts"
	"cellvi/io/h5matrix"
	"cellvi/io/hdf5"
)

// Describe says what is in a file without reading counts: its matrix, or that of
// each genome. The cells and genes are those of the genome that opt chooses, else of
// the first. Another that is damaged is listed with its Problem.
func Describe(path string, opt Options) (*counts.Description, error) {
	var s source
	defer s.close()
	if err := s.open(path); err != nil {
		return nil, err
	}
	if len(s.genomes) == 0 {
		d := &counts.Description{Format: "10x HDF5, version 3"}
		return d, s.describe(d, "matrix", opt, true)
	}
	main := opt.Genome
	if main == "" {
		main = s.genomes[0]
	} else if _, err := s.choose(main); err != nil {
		return nil, err
	}
	d := &counts.Description{Format: "10x HDF5, version 2"}
	for _, genome := range s.genomes {
		one := opt
		one.Genome = genome
		if err := s.describe(d, genome, one, genome == main); err != nil {
			if genome == main {
				return nil, err
			}
			d.Matrices = append(d.Matrices, counts.Matrix{Name: genome, Problem: err.Error()})
		}
	}
	return d, nil
}

// describe adds one matrix to d; main is the one whose cells and genes d tells.
func (s *source) describe(d *counts.Description, name string, opt Options, main bool) error {
	m, err := s.openMatrix(opt, h5matrix.Options{Memory: opt.Memory, Pool: hdf5.NewDecoders(0)})
	if err != nil {
		return err
	}
	defer m.close()
	is := h5matrix.Describe(name, m.counts)
	is.Genes = int64(m.genes.Len())
	if main {
		columns := m.columns()
		d.Cells, d.Genes = m.cells, is.Genes
		d.Obs, d.Var = counts.Annotations(&columns), counts.Annotations(&m.genes)
	}
	d.Matrices = append(d.Matrices, is)
	return nil
}
