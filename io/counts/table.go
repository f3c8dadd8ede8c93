package counts

// Table is consecutive cells with their counts, cell-major and sparse (CSR):
// the counts of cell i are Genes[Indptr[i]:Indptr[i+1]] and the Values beside
// them. Within a cell genes ascend without repeats and no value is zero.
// Values are what the file holds, not yet checked to be counts: see Check.
type Table struct {
	Obs    Frame     // the cells: names and annotations, one row a cell
	Indptr []int64   // Obs.Len()+1 offsets, Indptr[0] = 0
	Genes  []uint32  // index into Reader.Genes, below its Len
	Values []float64 // finite or not, whole or not, never 0
}

// Cells is the number of cells in the table.
func (t *Table) Cells() int { return t.Obs.Len() }

// Row gives the genes and values of cell i; both alias the table.
func (t *Table) Row(i int) (genes []uint32, values []float64) {
	lo, hi := t.Indptr[i], t.Indptr[i+1]
	return t.Genes[lo:hi], t.Values[lo:hi]
}
