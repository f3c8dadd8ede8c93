package h5matrix

import (
	"context"
	"fmt"
	"math"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// denseSlab bounds the values of one read of a dense matrix: 16 MiB as float64. Less
// is read at a time where the memory is small, but not less than leastSlab.
const (
	denseSlab = 1 << 21
	leastSlab = 1 << 16
)

// OpenDense opens a dataset of cells × genes values, or of genes × cells, and closes
// it with the Matrix, or where it fails. Where the chunks that hold whole cells fit the memory
// they are decoded once, as cells are asked for. Else the dataset is read chunk
// by chunk, and its counts sorted by cell. Where not even one chunk fits, the
// error is a counts.MemoryError.
func OpenDense(d *hdf5.Dataset, byGene bool, opt Options) (Matrix, error) {
	m, err := openDense(d, byGene, opt)
	if err != nil {
		d.Close()
		return nil, err
	}
	return m, nil
}

func openDense(d *hdf5.Dataset, byGene bool, opt Options) (Matrix, error) {
	about, err := aboutDense(d, byGene)
	if err != nil {
		return nil, err
	}
	way := hdf5.ByRows
	if byGene {
		way = hdf5.ByColumns
	}
	need, err := d.Needs(way)
	if err != nil {
		return nil, err
	}
	// What lies in one piece, gene by gene, is read as it lies.
	if need > opt.chunks() || byGene && len(d.Chunk()) == 0 {
		return newBlocks(d, byGene, about, opt)
	}
	m := &dense{d: d, about: about, slabs: max(leastSlab, min(denseSlab, opt.memory()/128))}
	m.scan, err = d.Scan(opt.Pool, way, opt.chunks())
	return m, err
}

// aboutDense holds the dataset to what a matrix is.
func aboutDense(d *hdf5.Dataset, byGene bool) (About, error) {
	shape, order := d.Shape(), "cells × genes"
	if byGene {
		order = "genes × cells"
	}
	if len(shape) != 2 {
		return About{}, hdf5.Fault(d, fmt.Sprintf("has shape %v, %s expected", shape, order), hdf5.Damaged)
	}
	if !d.Type().Numeric() {
		return About{}, hdf5.Fault(d, fmt.Sprintf("holds %s values, numbers expected", d.Type()), "")
	}
	if shape[0] > math.MaxUint32 || shape[1] > math.MaxUint32 {
		return About{}, hdf5.Fault(d, fmt.Sprintf("has shape %v", shape), hdf5.Damaged)
	}
	if byGene {
		shape[0], shape[1] = shape[1], shape[0]
	}
	return About{At: d, Storage: "dense", Cells: shape[0], Genes: shape[1], Stored: d.Len(), Values: d}, nil
}

// dense reads a dataset by slabs of whole cells.
type dense struct {
	d     *hdf5.Dataset
	about About
	scan  *hdf5.Scan
	slabs int64 // values in a slab
	slab  []float64
}

// Fill reads a slab of cells.
func (m *dense) Fill(_ context.Context, first, n int64, t *counts.Table) (int64, error) {
	genes := m.about.Genes
	n = min(n, max(1, m.slabs/max(genes, 1)))
	m.slab = counts.Sized(m.slab, n*genes)
	if err := hdf5.ScanFloats(m.scan, m.slab, first, n); err != nil {
		return 0, err
	}
	t.Indptr, t.Genes, t.Values = append(t.Indptr[:0], 0), t.Genes[:0], t.Values[:0]
	for row := range n {
		for g, v := range m.slab[row*genes : (row+1)*genes] {
			if v != 0 {
				t.Genes, t.Values = append(t.Genes, uint32(g)), append(t.Values, v)
			}
		}
		t.Indptr = append(t.Indptr, int64(len(t.Genes)))
	}
	return n, nil
}

// About is what the file says of the matrix.
func (m *dense) About() About { return m.about }

// Close closes the dataset.
func (m *dense) Close() {
	m.scan.Close()
	m.d.Close()
}
