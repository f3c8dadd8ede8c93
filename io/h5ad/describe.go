package h5ad

import (
	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// Description is what a file holds, found without reading counts.
type Description struct {
	Cells    int64
	Genes    int64    // of X and the layers
	Matrices []Matrix // X, layers by name, raw/X: those that are there
	Obs      []Annotation
	Var      []Annotation
	RawVar   []Annotation // beside raw/X
}

// Matrix is one matrix of a file.
type Matrix struct {
	Name    string   // as Options.Matrix takes it
	Storage string   // "csr", "csc" or "dense"
	Type    string   // of the values, as numpy names it: "float32"
	Filters []string // "gzip", "shuffle", ...; empty: not compressed
	Cells   int64
	Genes   int64
	Stored  int64  // values in the file; all of them for a dense one
	Problem string // why it cannot be read; empty where it can
}

// Annotation is one column of obs or var.
type Annotation struct {
	Name    string
	Kind    string   // as counts.Kind says it; empty where it cannot be read
	Levels  []string // of a categorical
	Problem string   // why it is left out; empty where it is read
}

// Describe says what is in a file without reading counts. A matrix that is
// damaged is listed with its Problem; a file that has no cells or genes to
// describe is an error.
func Describe(path string) (*Description, error) {
	var s source
	defer s.close()
	if err := s.open(path); err != nil {
		return nil, err
	}
	d := &Description{}
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
		if err := d.add(&s, name); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// add describes one matrix, and raw/var beside raw/X.
func (d *Description) add(s *source, name string) error {
	genes := d.Genes
	if name == "raw/X" {
		var err error
		if genes, d.RawVar, err = s.annotations("raw/var"); err != nil {
			return err
		}
	}
	m := Matrix{Name: name}
	opened, err := s.openMatrix(Options{Matrix: name, pool: hdf5.NewDecoders(0)}.filled())
	if err != nil {
		m.Problem = err.Error()
		d.Matrices = append(d.Matrices, m)
		return nil
	}
	defer opened.close()
	is := opened.about()
	m.Storage, m.Cells, m.Genes, m.Stored = is.storage, is.cells, is.genes, is.stored
	m.Type = is.values.Type().String()
	for _, f := range is.values.Filters() {
		m.Filters = append(m.Filters, f.String())
		if !f.Available {
			m.Problem = "compressed with " + f.String() + ", which is not built in: set HDF5_PLUGIN_PATH to the folder of its plugin"
		}
	}
	if err := checkShape(is, d.Cells, genes); err != nil {
		m.Problem = err.Error()
	}
	d.Matrices = append(d.Matrices, m)
	return nil
}

func (s *source) annotations(name string) (rows int64, list []Annotation, err error) {
	f, err := openFrame(s.root, name)
	if err != nil {
		return 0, nil, err
	}
	defer f.close()
	for _, c := range f.columns {
		a := Annotation{Name: c.meta.Name, Kind: c.meta.Kind.String()}
		if c.meta.Kind == counts.Categorical {
			a.Levels = c.meta.Levels
		}
		list = append(list, a)
	}
	for _, skipped := range f.skipped {
		list = append(list, Annotation{Name: skipped.Name, Problem: skipped.Why})
	}
	return f.rows, list, nil
}
