package h5matrix

import (
	"context"
	"fmt"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// csr reads cells by ranges of indptr.
type csr struct {
	*sparse
	counts.Tidier
}

// Fill reads the cells in one range of each part.
func (m *csr) Fill(_ context.Context, first, n int64, t *counts.Table) (int64, error) {
	ptr, err := m.readIndptr(first, n+1)
	if err != nil {
		return 0, err
	}
	for n > 1 && ptr[n]-ptr[0] > maxEntries {
		n--
	}
	lo, stored := ptr[0], ptr[n]-ptr[0]
	if stored > maxEntries && stored > 64*m.genes {
		return 0, hdf5.Fault(m.indptr, fmt.Sprintf("cell %d has %d values for %d genes", first, stored, m.genes), hdf5.Damaged)
	}
	t.Indptr = counts.Sized(t.Indptr, n+1)
	for i := range t.Indptr {
		t.Indptr[i] = ptr[i] - lo
	}
	t.Genes, t.Values = counts.Sized(t.Genes, stored), counts.Sized(t.Values, stored)
	if err := hdf5.ScanIndices(m.index, t.Genes, lo); err != nil {
		return 0, err
	}
	if err := hdf5.ScanFloats(m.values, t.Values, lo, stored); err != nil {
		return 0, err
	}
	if at := m.Tidy(t, m.genes); at >= 0 {
		return 0, m.badIndex(lo + at)
	}
	return n, nil
}
