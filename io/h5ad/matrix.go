package h5ad

import (
	"fmt"
	"strings"

	"cellvi/io/h5matrix"
	"cellvi/io/hdf5"
)

// fullName is a matrix as its path: a layer may be given by its name alone.
func fullName(matrix string) string {
	if matrix == "X" || matrix == "raw/X" || strings.HasPrefix(matrix, "layers/") {
		return matrix
	}
	return "layers/" + matrix
}

// openMatrix opens the matrix that opt names, of as many cells and genes as the
// frames beside it have.
func (s *source) openMatrix(opt Options, cells, genes int64) (h5matrix.Matrix, error) {
	name := fullName(opt.Matrix)
	there, err := s.holds(name)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, s.missing(name)
	}
	path := s.member(name)
	kind, err := s.root.Kind(path)
	if err != nil {
		return nil, err
	}
	how := h5matrix.Options{Memory: opt.Memory, Taken: opt.taken, Pool: opt.pool}
	if kind != hdf5.IsDataset {
		return openSparse(s.root, path, how)
	}
	d, err := s.root.OpenDataset(path)
	if err != nil {
		return nil, err
	}
	if len(d.Shape()) == 1 {
		return openVector(d, cells, genes)
	}
	return h5matrix.OpenDense(d, false, how)
}

func openSparse(root *hdf5.Group, name string, how h5matrix.Options) (h5matrix.Matrix, error) {
	g, err := root.OpenGroup(name)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	format, err := encoding(g)
	if err != nil {
		return nil, err
	}
	cells, genes, err := sparseShape(g)
	if err != nil {
		return nil, err
	}
	return h5matrix.OpenSparse(h5matrix.Parts{At: g, Data: "data", Indices: "indices", Indptr: "indptr",
		Cells: cells, Genes: genes, ByGene: format == "csc"}, how)
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
		return "", hdf5.Fault(g, "is encoded as "+text, "csr_matrix, csc_matrix or a dense array is needed")
	}
	return "", hdf5.Fault(g, "is a group without encoding-type", "csr_matrix, csc_matrix or a dense array is needed")
}

// checkShape holds a matrix against the frames beside it.
func checkShape(m h5matrix.About, cells, genes int64) error {
	if m.Cells != cells || m.Genes != genes {
		return hdf5.Fault(m.At, fmt.Sprintf("has shape %d × %d, but there are %d cells in obs and %d genes in var", m.Cells, m.Genes, cells, genes), hdf5.Damaged)
	}
	if genes >= 1<<31 {
		return hdf5.Fault(m.At, fmt.Sprintf("has %d genes", genes), hdf5.Damaged)
	}
	return nil
}

// sparseShape reads the attribute shape, or a dataset of that name: cells × genes.
func sparseShape(g *hdf5.Group) (cells, genes int64, err error) {
	v, err := statedShape(g)
	if err != nil {
		return 0, 0, err
	}
	if len(v) != 2 || v[0] < 0 || v[1] < 0 {
		return 0, 0, hdf5.Fault(g, fmt.Sprintf("has shape %v, cells × genes expected", v), hdf5.Damaged)
	}
	return v[0], v[1], nil
}

func statedShape(g *hdf5.Group) ([]int64, error) {
	for _, name := range []string{"shape", "h5sparse_shape"} {
		if has, err := g.HasAttr(name); err != nil {
			return nil, err
		} else if has {
			return g.AttrInts(name)
		}
	}
	if kind, err := g.Kind("shape"); err != nil {
		return nil, err
	} else if kind != hdf5.IsDataset {
		return nil, hdf5.Fault(g, "has no attribute shape", hdf5.Damaged)
	}
	d, err := hdf5.Member(g, "shape")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return hdf5.ReadAll[int64](d)
}
