package h5ad

import (
	"context"
	"fmt"

	"cellvi/io/counts"
	"cellvi/io/h5matrix"
	"cellvi/io/hdf5"
)

// vector is a dense matrix of one gene, or of one cell, that anndata before 0.7
// wrote along one axis.
type vector struct {
	d            *hdf5.Dataset
	cells, genes int64
	values       []float64
}

// openVector opens a dataset of one axis, which it closes.
func openVector(d *hdf5.Dataset, cells, genes int64) (h5matrix.Matrix, error) {
	switch n := d.Len(); {
	case !d.Type().Numeric():
		defer d.Close()
		return nil, hdf5.Fault(d, fmt.Sprintf("holds %s values, numbers expected", d.Type()), "")
	case n == cells && genes == 1, n == genes && cells == 1:
		return &vector{d: d, cells: cells, genes: genes}, nil
	default:
		defer d.Close()
		return nil, hdf5.Fault(d, fmt.Sprintf("has shape [%d], but there are %d cells in obs and %d genes in var", n, cells, genes), hdf5.Damaged)
	}
}

// Fill reads cells first to first+n, which lie side by side.
func (m *vector) Fill(_ context.Context, first, n int64, t *counts.Table) (int64, error) {
	m.values = counts.Sized(m.values, n*m.genes)
	if err := hdf5.ReadRange(m.d, m.values, first*m.genes); err != nil {
		return 0, err
	}
	t.Indptr, t.Genes, t.Values = append(t.Indptr[:0], 0), t.Genes[:0], t.Values[:0]
	for i, v := range m.values {
		if v != 0 {
			t.Genes, t.Values = append(t.Genes, uint32(int64(i)%m.genes)), append(t.Values, v)
		}
		if int64(i+1)%m.genes == 0 {
			t.Indptr = append(t.Indptr, int64(len(t.Genes)))
		}
	}
	return n, nil
}

// About is what the file says of the matrix.
func (m *vector) About() h5matrix.About {
	return h5matrix.About{At: m.d, Storage: "dense", Cells: m.cells, Genes: m.genes, Stored: m.d.Len(), Values: m.d}
}

// Close closes the dataset.
func (m *vector) Close() { m.d.Close() }
