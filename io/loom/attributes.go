package loom

import (
	"fmt"
	"slices"
	"strconv"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// attributes are the annotations of one axis, open for reading by ranges.
type attributes struct {
	rows    int64
	names   *hdf5.Column // nil: rows are numbered
	columns []*hdf5.Column
	taken   int64 // bytes that their chunks take; see h5matrix.Options.FitColumns
}

// naming is which attributes name an axis, and what happens where none is there.
type naming struct {
	axis       string
	candidates []string
	numbered   bool // rows may go without names
}

func geneNames() naming {
	return naming{axis: "genes", candidates: []string{"Gene", "var_names", "GeneName", "Accession"}}
}

func cellNames() naming {
	return naming{axis: "cells", candidates: []string{"CellID", "obs_names"}, numbered: true}
}

// attributes opens those of one axis of so many rows.
func (s *source) attributes(group string, rows int64, how naming) (*attributes, error) {
	g, err := s.root.OpenGroup(group)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	a := &attributes{rows: rows}
	if err := s.fillAttributes(a, g, how); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (s *source) fillAttributes(a *attributes, g *hdf5.Group, how naming) error {
	members, err := g.Names()
	if err != nil {
		return err
	}
	namer, err := s.namer(g, members, how)
	if err != nil {
		return err
	}
	for _, name := range members {
		c, err := s.column(g, name, a.rows, how.axis)
		switch {
		case err != nil:
			return err
		case c == nil && name == namer:
			return hdf5.Fault(g, name+" cannot name the "+how.axis, "store one text for each")
		case c == nil:
		case name == namer:
			a.names = c
		default:
			a.columns = append(a.columns, c)
		}
	}
	if a.taken, err = s.how.FitColumns(g, a.arrays()...); err != nil {
		return err
	}
	return s.leaveOut(a, how.axis)
}

// arrays are what reading the attributes reads.
func (a *attributes) arrays() (list []hdf5.Array) {
	if a.names != nil {
		list = append(list, a.names.Values())
	}
	for _, c := range a.columns {
		list = append(list, c.Values())
	}
	return list
}

// leaveOut drops, with a note, the columns that hold numbers too large for a table.
func (s *source) leaveOut(a *attributes, axis string) error {
	for i := 0; i < len(a.columns); {
		c := a.columns[i]
		why, err := hdf5.TooLarge(c.Values())
		switch {
		case err != nil:
			return err
		case why == "":
			i++
		default:
			a.columns = slices.Delete(a.columns, i, i+1)
			s.note(c.Header().Name, axis, why)
			c.Close()
		}
	}
	return nil
}

// note says that an attribute is left out.
func (s *source) note(name, axis, why string) {
	s.notes = append(s.notes, fmt.Sprintf("attribute %s of %s is left out: it %s", counts.Printable(name), axis, why))
}

// namer is the attribute that names the rows, "" where they are numbered.
func (s *source) namer(g *hdf5.Group, members []string, how naming) (string, error) {
	there := map[string]bool{}
	for _, m := range members {
		there[m] = true
	}
	for i, c := range how.candidates {
		if !there[c] {
			continue
		}
		if i > 0 {
			s.notes = append(s.notes, fmt.Sprintf("%s are named by %s: there is no %s", how.axis, c, how.candidates[0]))
		}
		return c, nil
	}
	if !how.numbered {
		found := "holds " + counts.List(members, "and")
		if len(members) == 0 {
			found = "is empty"
		}
		return "", hdf5.Fault(g, found+", but none of "+counts.List(how.candidates, "and")+", which name "+how.axis, "name one of the attributes "+how.candidates[0])
	}
	s.notes = append(s.notes, fmt.Sprintf("%s are numbered from 0: there is no %s", how.axis, counts.List(how.candidates, "and no")))
	return "", nil
}

// column opens an attribute; nil, with a note, where it has no place in a table.
func (s *source) column(g *hdf5.Group, name string, rows int64, axis string) (*hdf5.Column, error) {
	c, why, err := hdf5.OpenColumn(g, name)
	if err != nil {
		return nil, err
	}
	if c == nil {
		s.note(name, axis, why)
		return nil, nil //nolint:nilnil // left out, and no fault
	}
	if c.Len() != rows {
		defer c.Close()
		return nil, hdf5.Fault(c.Values(), fmt.Sprintf("has %d values, but matrix has %d %s", c.Len(), rows, axis), hdf5.Damaged)
	}
	return c, nil
}

// header are the columns without rows.
func (a *attributes) header() (f counts.Frame) {
	for _, c := range a.columns {
		f.Columns = append(f.Columns, c.Header())
	}
	return f
}

// read fills out with n rows from first on, reusing its slices.
func (a *attributes) read(first, n int64, out *counts.Frame) (err error) {
	if out.Columns == nil {
		out.Columns = make([]counts.Column, len(a.columns))
	}
	if out.Names, err = a.labels(first, n); err != nil {
		return err
	}
	for i, c := range a.columns {
		if err := c.Read(first, n, &out.Columns[i]); err != nil {
			return err
		}
	}
	return nil
}

// labels are the names of n rows from first on.
func (a *attributes) labels(first, n int64) ([]string, error) {
	if a.names != nil {
		return a.names.Labels(first, n)
	}
	labels := make([]string, n)
	for i := range labels {
		labels[i] = strconv.FormatInt(first+int64(i), 10)
	}
	return labels, nil
}

func (a *attributes) close() {
	if a.names != nil {
		a.names.Close()
	}
	for _, c := range a.columns {
		c.Close()
	}
	a.names, a.columns = nil, nil
}
