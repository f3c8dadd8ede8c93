package h5matrix

import (
	"fmt"
	"math"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// Parts are the members of a group that hold a matrix: values and their index on
// the minor axis, cut by indptr along the major axis.
type Parts struct {
	At                    *hdf5.Group
	Data, Indices, Indptr string // names of members
	Cells, Genes          int64
	ByGene                bool // CSC: the major axis is genes, else cells
}

// OpenSparse opens the parts and checks them against each other; the pass over
// indptr is the only reading.
func OpenSparse(p Parts, opt Options) (Matrix, error) {
	s := &sparse{at: p.At, cells: p.Cells, genes: p.Genes, storage: "csr"}
	if p.ByGene {
		s.storage = "csc"
	}
	if err := s.open(p, opt); err != nil {
		s.Close()
		return nil, err
	}
	if p.ByGene {
		return newCSC(s, opt)
	}
	return &csr{sparse: s}, nil
}

// sparse is what CSR and CSC share.
type sparse struct {
	at                    hdf5.Placed
	data, indices, indptr *hdf5.Dataset
	cells, genes          int64
	storage               string
	scratch               []int64
	values, index         *hdf5.Scan // of data and indices
}

func (s *sparse) open(p Parts, opt Options) (err error) {
	if s.data, err = hdf5.Member(p.At, p.Data); err != nil {
		return err
	}
	if s.indices, err = hdf5.Member(p.At, p.Indices); err != nil {
		return err
	}
	if s.indptr, err = hdf5.Member(p.At, p.Indptr); err != nil {
		return err
	}
	if err := s.checkParts(); err != nil {
		return err
	}
	if err := opt.fits(s.indptr, hdf5.ByRows); err != nil {
		return err
	}
	if err := s.checkIndptr(); err != nil {
		return err
	}
	return s.openScans(opt)
}

// openScans begins the reading of data and indices, which are checked. Each has half
// of what chunks may take, or what it needs.
func (s *sparse) openScans(opt Options) error {
	var needs [2]int64
	for i, d := range []*hdf5.Dataset{s.data, s.indices} {
		var err error
		if needs[i], err = d.Needs(hdf5.ByRows); err != nil {
			return err
		}
	}
	larger := s.data
	if needs[1] > needs[0] {
		larger = s.indices
	}
	if err := opt.fit(larger, needs[0]+needs[1]); err != nil {
		return err
	}
	var err error
	if s.values, err = s.data.Scan(opt.Pool, hdf5.ByRows, min(opt.chunks()/2, opt.chunks()-needs[1])); err != nil {
		return err
	}
	s.index, err = s.indices.Scan(opt.Pool, hdf5.ByRows, opt.chunks()-s.values.Takes())
	return err
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
		return hdf5.Fault(s.data, fmt.Sprintf("holds %s values, numbers expected", s.data.Type()), "")
	}
	for _, d := range []*hdf5.Dataset{s.indices, s.indptr} {
		if d.Type().Class != hdf5.Integer {
			return hdf5.Fault(d, fmt.Sprintf("holds %s values, whole numbers expected", d.Type()), hdf5.Damaged)
		}
	}
	if s.indices.Len() != s.data.Len() {
		return hdf5.Fault(s.indices, fmt.Sprintf("has %d values, but data has %d", s.indices.Len(), s.data.Len()), hdf5.Damaged)
	}
	if s.indptr.Len() != s.major()+1 {
		return hdf5.Fault(s.indptr, fmt.Sprintf("has %d values, but the shape %d × %d needs %d", s.indptr.Len(), s.cells, s.genes, s.major()+1), hdf5.Damaged)
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
			return hdf5.Fault(s.indptr, fmt.Sprintf("begins at %d, 0 expected", v[0]), hdf5.Damaged)
		}
		if v[0] < last {
			return s.falls(last, v[0], first)
		}
		last = v[len(v)-1]
	}
	if last != s.data.Len() {
		return hdf5.Fault(s.indptr, fmt.Sprintf("ends at %d, but data has %d values", last, s.data.Len()), hdf5.Damaged)
	}
	return nil
}

// readIndptr reads n values from first on, never falling; they live until the
// next call.
func (s *sparse) readIndptr(first, n int64) ([]int64, error) {
	s.scratch = counts.Sized(s.scratch, n)
	if err := hdf5.ReadRange(s.indptr, s.scratch, first); err != nil {
		return nil, err
	}
	for i := 1; i < len(s.scratch); i++ {
		if a, b := s.scratch[i-1], s.scratch[i]; b < a {
			return nil, s.falls(a, b, first+int64(i))
		}
	}
	return s.scratch, nil
}

// falls says that indptr goes down. Where it does to below zero in 32 bits, its
// writer counted past 2³¹.
func (s *sparse) falls(from, to, at int64) error {
	advice := hdf5.Damaged
	if to < 0 && from > 0 && s.indptr.Type().Size == 4 {
		advice = "more values than 32 bits can count: write the matrix again with indptr of 64 bits"
	}
	return hdf5.Fault(s.indptr, fmt.Sprintf("falls from %d to %d at %d", from, to, at), advice)
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
	return hdf5.Fault(s.indices, fmt.Sprintf("value %d is %d, but there are %d %s", at, v[0], s.minor(), axis), hdf5.Damaged)
}

// About is what the file says of the matrix.
func (s *sparse) About() About {
	return About{At: s.at, Storage: s.storage, Cells: s.cells, Genes: s.genes, Stored: s.data.Len(), Values: s.data}
}

// Close closes the datasets.
func (s *sparse) Close() {
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
}
