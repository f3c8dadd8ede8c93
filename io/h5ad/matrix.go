package h5ad

import (
	"context"
	"fmt"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/hdf5"
)

// maxEntries bounds the stored values in one Table, unless one cell has more.
const maxEntries = 1 << 19

// matrix is counts open for reading, in whichever storage.
type matrix interface {
	// fill puts at most n cells from first on, at least one, into t's Indptr,
	// Genes and Values, and says how many. Cells are asked for in order.
	fill(ctx context.Context, first, n int64, t *counts.Table) (int64, error)
	about() about
	close()
}

// about is what a matrix says of itself.
type about struct {
	at           placed
	storage      string // "csr", "csc" or "dense"
	cells, genes int64
	stored       int64         // values in the file, zeros of a dense one included
	values       *hdf5.Dataset // the counts
}

// openMatrix opens the matrix that opt names.
func (s *source) openMatrix(opt Options) (matrix, error) {
	name := opt.Matrix
	if name != "X" && name != "raw/X" && !strings.HasPrefix(name, "layers/") {
		name = "layers/" + name
	}
	there, err := s.holds(name)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, s.missing(name)
	}
	kind, err := s.root.Kind(name)
	if err != nil {
		return nil, err
	}
	if kind == hdf5.IsDataset {
		return openDense(s.root, name, opt)
	}
	return openSparse(s.root, name, opt)
}

func openSparse(root *hdf5.Group, name string, opt Options) (matrix, error) {
	g, err := root.OpenGroup(name)
	if err != nil {
		return nil, err
	}
	sp := &sparse{g: g}
	m, err := sp.open(opt)
	if err != nil {
		sp.close()
		return nil, err
	}
	return m, nil
}

// encoding is "csr" or "csc", from the attribute of anndata 0.7 and later or
// that of its forerunner.
func encoding(g *hdf5.Group) (string, error) {
	for _, name := range []string{"encoding-type", "h5sparse_format"} {
		has, err := g.HasAttr(name)
		if err != nil {
			return "", err
		}
		if !has {
			continue
		}
		text, err := g.AttrText(name)
		switch {
		case err != nil:
			return "", err
		case text == "csr_matrix" || text == "csr":
			return "csr", nil
		case text == "csc_matrix" || text == "csc":
			return "csc", nil
		}
		return "", fault(g, "is encoded as "+text, "csr_matrix, csc_matrix or a dense array is needed")
	}
	return "", fault(g, "is a group without encoding-type", "csr_matrix, csc_matrix or a dense array is needed")
}

// checkShape holds a matrix against the frames beside it.
func checkShape(m about, cells, genes int64) error {
	if m.cells != cells || m.genes != genes {
		return fault(m.at, fmt.Sprintf("has shape %d × %d, but there are %d cells in obs and %d genes in var", m.cells, m.genes, cells, genes), damaged)
	}
	if genes >= 1<<31 {
		return fault(m.at, fmt.Sprintf("has %d genes", genes), damaged)
	}
	return nil
}
