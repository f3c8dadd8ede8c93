package textmatrix

import (
	"path/filepath"

	"cellvi/io/counts"
)

// Describe says what a file holds, from its names and the shape of its lines.
func Describe(path string, opt Options) (*counts.Description, error) {
	r, err := Open(path, opt)
	if err != nil {
		return nil, err
	}
	defer r.Close() // only read from
	m := counts.Matrix{
		Name: filepath.Base(path), Storage: "dense", Type: "text",
		Cells: r.cells, Genes: int64(r.genes.Len()),
	}
	m.Stored = m.Cells * m.Genes
	if r.survey.gzip {
		m.Filters = []string{"gzip"}
	}
	format := map[byte]string{',': "CSV", '\t': "TSV", ';': "text, separated by semicolons", ' ': "text, separated by spaces"}[r.survey.head.delimiter]
	if opt.Transpose {
		format += ", genes × cells"
	} else {
		format += ", cells × genes"
	}
	return &counts.Description{Format: format, Cells: m.Cells, Genes: m.Genes, Matrices: []counts.Matrix{m}}, nil
}
