package mtx

import (
	"path/filepath"

	"cellvi/io/counts"
)

// Describe says what the files at path hold, without reading the entries.
func Describe(path string, opt Options) (*counts.Description, error) {
	r, err := Open(path, opt)
	if err != nil {
		return nil, err
	}
	defer r.Close() // only read from
	m := counts.Matrix{
		Name: filepath.Base(r.files.matrix), Storage: "coordinate", Type: r.header.field,
		Cells: r.cells, Genes: int64(r.genes.taken.Len()), Stored: r.header.entries,
	}
	if r.gzip {
		m.Filters = []string{"gzip"}
	}
	return &counts.Description{
		Format: "Matrix Market (" + r.files.version + ")", Cells: m.Cells, Genes: m.Genes,
		Matrices: []counts.Matrix{m}, Var: counts.Annotations(r.genes.taken),
	}, nil
}
