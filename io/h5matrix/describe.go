package h5matrix

import "cellvi/io/counts"

// Describe is what an open matrix says of itself, under the name that chooses it.
func Describe(name string, m Matrix) counts.Matrix {
	is := m.About()
	d := counts.Matrix{Name: name, Storage: is.Storage, Type: is.Values.Type().String(), Cells: is.Cells, Genes: is.Genes, Stored: is.Stored}
	for _, f := range is.Values.Filters() {
		d.Filters = append(d.Filters, f.String())
		if !f.Available {
			found, advice := f.Missing()
			d.Problem = found + ": " + advice
		}
	}
	return d
}
