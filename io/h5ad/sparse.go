package h5ad

import (
	"fmt"
	"math"

	"cellvi/io/hdf5"
)

// sparse is what CSR and CSC share: values and their index on the minor axis,
// cut by indptr along the major axis.
type sparse struct {
	g                     *hdf5.Group
	data, indices, indptr *hdf5.Dataset
	cells, genes          int64
	storage               string
	scratch               []int64
	values, index         *hdf5.Scan // of data and indices
}

// open opens the parts and checks them against each other; the pass over
// indptr is the only reading.
func (s *sparse) open(opt Options) (matrix, error) {
	var err error
	if s.storage, err = encoding(s.g); err != nil {
		return nil, err
	}
	if s.cells, s.genes, err = sparseShape(s.g); err != nil {
		return nil, err
	}
	if err := s.openParts(); err != nil {
		return nil, err
	}
	if err := s.checkParts(); err != nil {
		return nil, err
	}
	if err := s.checkIndptr(); err != nil {
		return nil, err
	}
	if err := s.openScans(opt.pool); err != nil {
		return nil, err
	}
	if s.storage == "csc" {
		return newCSC(s, opt), nil
	}
	return &csr{sparse: s}, nil
}

func (s *sparse) openParts() (err error) {
	if s.data, err = member(s.g, "data"); err != nil {
		return err
	}
	if s.indices, err = member(s.g, "indices"); err != nil {
		return err
	}
	s.indptr, err = member(s.g, "indptr")
	return err
}

// openScans begins the reading of data and indices, which are checked.
func (s *sparse) openScans(pool *hdf5.Decoders) (err error) {
	if s.values, err = s.data.Scan(pool); err != nil {
		return err
	}
	s.index, err = s.indices.Scan(pool)
	return err
}

// sparseShape reads the attribute shape: cells × genes.
func sparseShape(g *hdf5.Group) (cells, genes int64, err error) {
	for _, name := range []string{"shape", "h5sparse_shape"} {
		has, err := g.HasAttr(name)
		if err != nil {
			return 0, 0, err
		}
		if !has {
			continue
		}
		v, err := g.AttrInts(name)
		if err != nil {
			return 0, 0, err
		}
		if len(v) != 2 || v[0] < 0 || v[1] < 0 {
			return 0, 0, fault(g, fmt.Sprintf("has shape %v, cells × genes expected", v), damaged)
		}
		return v[0], v[1], nil
	}
	return 0, 0, fault(g, "has no attribute shape", damaged)
}

func (s *sparse) major() int64 {
	if s.storage == "csc" {
		return s.genes
	}
	return s.cells
}

func (s *sparse) minor() int64 {
	if s.storage == "csc" {
		return s.cells
	}
	return s.genes
}

func (s *sparse) checkParts() error {
	if !s.data.Type().Numeric() {
		return fault(s.data, fmt.Sprintf("holds %s values, numbers expected", s.data.Type()), "")
	}
	for _, d := range []*hdf5.Dataset{s.indices, s.indptr} {
		if d.Type().Class != hdf5.Integer {
			return fault(d, fmt.Sprintf("holds %s values, whole numbers expected", d.Type()), damaged)
		}
	}
	if s.indices.Len() != s.data.Len() {
		return fault(s.indices, fmt.Sprintf("has %d values, but data has %d", s.indices.Len(), s.data.Len()), damaged)
	}
	if s.indptr.Len() != s.major()+1 {
		return fault(s.indptr, fmt.Sprintf("has %d values, but the shape %d × %d needs %d", s.indptr.Len(), s.cells, s.genes, s.major()+1), damaged)
	}
	for _, d := range []*hdf5.Dataset{s.data, s.indices, s.indptr} {
		if err := d.Plausible(); err != nil {
			return err
		}
	}
	return nil
}

// checkIndptr reads indptr once, piece by piece: it must begin at 0, never
// fall, and end at the number of values.
func (s *sparse) checkIndptr() error {
	const piece = 1 << 17
	last, n := int64(0), s.indptr.Len()
	for first := int64(0); first < n; first += piece {
		v, err := s.readIndptr(first, min(piece, n-first))
		if err != nil {
			return err
		}
		if first == 0 && v[0] != 0 {
			return fault(s.indptr, fmt.Sprintf("begins at %d, 0 expected", v[0]), damaged)
		}
		if v[0] < last {
			return fault(s.indptr, fmt.Sprintf("falls from %d to %d at %d", last, v[0], first), damaged)
		}
		last = v[len(v)-1]
	}
	if last != s.data.Len() {
		return fault(s.indptr, fmt.Sprintf("ends at %d, but data has %d values", last, s.data.Len()), damaged)
	}
	return nil
}

// readIndptr reads n values from first on, never falling; they live until the
// next call.
func (s *sparse) readIndptr(first, n int64) ([]int64, error) {
	s.scratch = sized(s.scratch, n)
	if err := hdf5.ReadRange(s.indptr, s.scratch, first); err != nil {
		return nil, err
	}
	for i := 1; i < len(s.scratch); i++ {
		if a, b := s.scratch[i-1], s.scratch[i]; b < a {
			return nil, fault(s.indptr, fmt.Sprintf("falls from %d to %d at %d", a, b, first+int64(i)), damaged)
		}
	}
	return s.scratch, nil
}

// checkIndices holds indices, which stand in the file from first on, within the
// minor axis.
func (s *sparse) checkIndices(first int64, index []uint32) error {
	limit := uint32(min(s.minor(), math.MaxUint32))
	for i, v := range index {
		if v >= limit {
			return s.badIndex(first + int64(i))
		}
	}
	return nil
}

// badIndex names the index at a place as the file has it.
func (s *sparse) badIndex(at int64) error {
	var v [1]int64
	if err := hdf5.ReadRange(s.indices, v[:], at); err != nil {
		return err
	}
	axis := map[string]string{"csr": "genes", "csc": "cells"}[s.storage]
	return fault(s.indices, fmt.Sprintf("value %d is %d, but there are %d %s", at, v[0], s.minor(), axis), damaged)
}

func (s *sparse) about() about {
	return about{at: s.g, storage: s.storage, cells: s.cells, genes: s.genes, stored: s.data.Len(), values: s.data}
}

func (s *sparse) close() {
	for _, scan := range []*hdf5.Scan{s.values, s.index} {
		if scan != nil {
			scan.Close()
		}
	}
	for _, d := range []*hdf5.Dataset{s.data, s.indices, s.indptr} {
		if d != nil {
			d.Close()
		}
	}
	s.g.Close()
}
