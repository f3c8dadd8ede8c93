package tenx

import (
	"context"
	"fmt"

	"cellvi/io/counts"
	"cellvi/io/h5matrix"
	"cellvi/io/hdf5"
)

// matrix is one matrix of a file, with its cells and genes.
type matrix struct {
	at       *hdf5.Group
	legacy   bool // version 2
	how      h5matrix.Options
	cells    int64
	features int64 // in the file
	counts   h5matrix.Matrix
	barcodes *hdf5.Column
	filtered *hdf5.Column      // which barcodes are cells, in files of probes; else nil
	genes    counts.Frame      // those that are kept
	choice   counts.GeneChoice // of them among the features
	notes    []string
}

// openMatrix opens the matrix that opt chooses and holds its parts against each other.
func (s *source) openMatrix(opt Options, how h5matrix.Options) (*matrix, error) {
	name, err := s.choose(opt.Genome)
	if err != nil {
		return nil, err
	}
	m := &matrix{legacy: len(s.genomes) > 0, how: how}
	if m.at, err = s.root.OpenGroup(name); err != nil {
		return nil, err
	}
	if err := m.open(opt); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

func (m *matrix) open(opt Options) (err error) {
	if err = m.readShape(); err != nil {
		return err
	}
	if err = m.openCells(); err != nil {
		return err
	}
	if m.counts, err = h5matrix.OpenSparse(h5matrix.Parts{At: m.at, Data: "data", Indices: "indices", Indptr: "indptr",
		Cells: m.cells, Genes: m.features}, m.how); err != nil {
		return err
	}
	if m.legacy {
		return m.readGenes(opt)
	}
	return m.readFeatures(opt)
}

// readShape reads the dataset shape: features × cells.
func (m *matrix) readShape() error {
	d, err := hdf5.Member(m.at, "shape")
	if err != nil {
		return err
	}
	defer d.Close()
	if d.Len() != 2 || d.Type().Class != hdf5.Integer {
		return hdf5.Fault(d, fmt.Sprintf("has %d values of type %s, features × cells expected", d.Len(), d.Type()), hdf5.Damaged)
	}
	v, err := hdf5.ReadAll[int64](d)
	if err != nil {
		return err
	}
	if v[0] < 0 || v[1] < 0 || v[0] >= 1<<31 {
		return hdf5.Fault(d, fmt.Sprintf("is %d × %d, features × cells expected", v[0], v[1]), hdf5.Damaged)
	}
	m.features, m.cells = v[0], v[1]
	return nil
}

func (m *matrix) openCells() (err error) {
	if m.barcodes, err = m.column(m.at, "barcodes", m.cells, "cells"); err != nil {
		return err
	}
	cells := []hdf5.Array{m.barcodes.Values()}
	kind, err := m.at.Kind("filtered_barcodes")
	if err != nil {
		return err
	}
	if kind != hdf5.Absent {
		if err := m.openFiltered(); err != nil {
			return err
		}
		cells = append(cells, m.filtered.Values())
	}
	m.how.Taken, err = m.how.FitColumns(m.at, cells...)
	return err
}

// openFiltered opens what tells which barcodes are cells.
func (m *matrix) openFiltered() (err error) {
	m.filtered, err = m.column(m.at, "filtered_barcodes", m.cells, "cells")
	if err != nil {
		return err
	}
	if t := m.filtered.Values().Type(); t.Class != hdf5.Bool && t.Class != hdf5.Integer {
		return hdf5.Fault(m.filtered.Values(), fmt.Sprintf("holds %s values, booleans expected", t), hdf5.Damaged)
	}
	return nil
}

// column opens a member that has one value for each of n cells or features.
func (m *matrix) column(g *hdf5.Group, name string, n int64, what string) (*hdf5.Column, error) {
	if kind, err := g.Kind(name); err != nil {
		return nil, err
	} else if kind == hdf5.Absent {
		return nil, hdf5.Fault(g, "has no "+name, "is it a matrix of Cell Ranger's?")
	}
	c, why, err := hdf5.OpenColumn(g, name)
	switch {
	case err != nil:
		return nil, err
	case why != "":
		return nil, hdf5.Fault(g, name+" "+why+", one value for each of the "+what+" expected", hdf5.Damaged)
	case c.Len() != n:
		err = hdf5.Fault(c.Values(), fmt.Sprintf("has %d values, but the matrix has %d %s", c.Len(), n, what), hdf5.Damaged)
	default:
		_, err = m.how.FitColumns(g, c.Values())
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// columns are the cell annotations without rows.
func (m *matrix) columns() (f counts.Frame) {
	if m.filtered != nil {
		f.Columns = []counts.Column{{Name: "filtered_barcodes", Kind: counts.Bool}}
	}
	return f
}

// fill puts the next cells into t.
func (m *matrix) fill(ctx context.Context, first, n int64, t *counts.Table) (int64, error) {
	n, err := m.counts.Fill(ctx, first, n, t)
	if err != nil {
		return 0, err
	}
	m.choice.Apply(t, t)
	if t.Obs.Names, err = m.barcodes.Labels(first, n); err != nil || m.filtered == nil {
		return n, err
	}
	if t.Obs.Columns == nil {
		t.Obs.Columns = make([]counts.Column, 1)
	}
	return n, readFlags(m.filtered, first, n, &t.Obs.Columns[0])
}

// readFlags reads booleans, or whole numbers that stand for them.
func readFlags(c *hdf5.Column, first, n int64, out *counts.Column) error {
	if err := c.Read(first, n, out); err != nil || out.Kind == counts.Bool {
		return err
	}
	out.Bools = out.Bools[:0]
	for _, v := range out.Ints {
		out.Bools = append(out.Bools, v != 0)
	}
	out.Kind = counts.Bool
	return nil
}

func (m *matrix) close() {
	if m.counts != nil {
		m.counts.Close()
	}
	for _, c := range []*hdf5.Column{m.barcodes, m.filtered} {
		if c != nil {
			c.Close()
		}
	}
	m.at.Close()
}
