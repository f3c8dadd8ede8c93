package h5ad

import (
	"context"
	"fmt"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// csr reads cells by ranges of indptr.
type csr struct {
	*sparse
	tidier
	index []int64
}

func (m *csr) fill(_ context.Context, first, n int64, t *counts.Table) (int64, error) {
	ptr, err := m.readIndptr(first, n+1)
	if err != nil {
		return 0, err
	}
	for n > 1 && ptr[n]-ptr[0] > maxEntries {
		n--
	}
	lo, stored := ptr[0], ptr[n]-ptr[0]
	if stored > maxEntries && stored > 64*m.genes {
		return 0, fault(m.indptr, fmt.Sprintf("cell %d has %d values for %d genes", first, stored, m.genes), damaged)
	}
	t.Indptr = sized(t.Indptr, n+1)
	for i := range t.Indptr {
		t.Indptr[i] = ptr[i] - lo
	}
	m.index = sized(m.index, stored)
	if err := m.readIndices(lo, m.index); err != nil {
		return 0, err
	}
	t.Values = sized(t.Values, stored)
	if err := hdf5.ReadRange(m.data, t.Values, lo); err != nil {
		return 0, err
	}
	t.Genes = sized(t.Genes, stored)
	for i, g := range m.index {
		t.Genes[i] = uint32(g)
	}
	m.tidy(t, m.genes)
	return n, nil
}
