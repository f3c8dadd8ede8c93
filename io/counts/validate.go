package counts

import "fmt"

// Validate says what in t breaks the promises of Table, nil where nothing does.
// It is for the tests of readers and for writers, which index by what t says.
func (t *Table) Validate(genes int) error {
	if err := t.ValidateShape(); err != nil {
		return err
	}
	for i := range t.Cells() {
		if err := t.validateRow(i, uint32(genes)); err != nil {
			return err
		}
	}
	return nil
}

// ValidateShape is Validate without a look at genes and values: with a nil from
// it, Row and the columns can be used for every cell.
func (t *Table) ValidateShape() error {
	n := t.Cells()
	if len(t.Indptr) != n+1 || t.Indptr[0] != 0 {
		return fmt.Errorf("table of %d cells: indptr must be %d offsets from 0, it has %d", n, n+1, len(t.Indptr))
	}
	if end := t.Indptr[n]; end != int64(len(t.Genes)) || len(t.Genes) != len(t.Values) {
		return fmt.Errorf("table of %d cells: indptr ends at %d with %d genes and %d values",
			n, end, len(t.Genes), len(t.Values))
	}
	for i := range t.Obs.Columns {
		c := &t.Obs.Columns[i]
		if c.Len() != n || c.Missing != nil && len(c.Missing) != n {
			return fmt.Errorf("table of %d cells: column %s has %d rows", n, c.Name, c.Len())
		}
	}
	for i := range n {
		if lo, hi := t.Indptr[i], t.Indptr[i+1]; lo > hi || hi > int64(len(t.Genes)) {
			return fmt.Errorf("cell %d: indptr goes from %d to %d", i, lo, hi)
		}
	}
	return nil
}

func (t *Table) validateRow(i int, genes uint32) error {
	lo, hi := t.Indptr[i], t.Indptr[i+1]
	for k := lo; k < hi; k++ {
		switch g := t.Genes[k]; {
		case g >= genes:
			return fmt.Errorf("cell %d: gene %d of %d", i, g, genes)
		case k > lo && g <= t.Genes[k-1]:
			return fmt.Errorf("cell %d: gene %d follows gene %d", i, g, t.Genes[k-1])
		case t.Values[k] == 0:
			return fmt.Errorf("cell %d, gene %d: a zero is stored", i, g)
		}
	}
	return nil
}
