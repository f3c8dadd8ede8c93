package h5matrix

import (
	"context"
	"fmt"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// denseSlab bounds the values of one read of a dense matrix: 16 MiB as float64.
const denseSlab = 1 << 21

// dense reads a (cells, genes) array by slabs of rows.
type dense struct {
	d     *hdf5.Dataset
	scan  *hdf5.Scan
	shape []int64
	slab  []float64
}

// OpenDense opens a dataset of cells × genes values, which it closes.
func OpenDense(d *hdf5.Dataset, opt Options) (Matrix, error) {
	m := &dense{d: d, shape: d.Shape()}
	if len(m.shape) != 2 {
		defer d.Close()
		return nil, hdf5.Fault(d, fmt.Sprintf("has shape %v, cells × genes expected", m.shape), hdf5.Damaged)
	}
	if !d.Type().Numeric() {
		defer d.Close()
		return nil, hdf5.Fault(d, fmt.Sprintf("holds %s values, numbers expected", d.Type()), "")
	}
	var err error
	if m.scan, err = d.Scan(opt.Pool); err != nil {
		defer d.Close()
		return nil, err
	}
	return m, nil
}

// Fill reads a slab of rows.
func (m *dense) Fill(_ context.Context, first, n int64, t *counts.Table) (int64, error) {
	genes := m.shape[1]
	n = min(n, max(1, denseSlab/max(genes, 1)))
	m.slab = sized(m.slab, n*genes)
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
func (m *dense) About() About {
	return About{At: m.d, Storage: "dense", Cells: m.shape[0], Genes: m.shape[1], Stored: m.d.Len(), Values: m.d}
}

// Close closes the dataset.
func (m *dense) Close() {
	m.scan.Close()
	m.d.Close()
}
