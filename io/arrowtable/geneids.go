package arrowtable

import (
	"fmt"
	"strconv"

	"cellvi/io/counts"
)

// idColumns are columns of genes that hold the numbers by which tables call them.
var idColumns = []string{"token_id", "gene_index", "gene_idx"}

// takeNumbers settles what whole numbers stand for, and notes it: the values of one of
// idColumns of the genes that are given, or their names where these are whole numbers,
// else their places from 0.
func (r *Reader) takeNumbers(c *geneCoder) {
	c.numbers = true
	for _, name := range idColumns {
		column := r.genes.Column(name)
		if column == nil || column.Kind != counts.Int {
			continue
		}
		if c.ids = numbered(column.Len(), func(i int) (int64, bool) { return column.Ints[i], !column.IsMissing(i) }); c.ids != nil {
			r.notes = append(r.notes, fmt.Sprintf("%s: the numbers in %s are those of the genes' column %s", r.path, c.place, name))
			return
		}
	}
	names := r.genes.Names
	if c.ids = numbered(len(names), func(i int) (int64, bool) {
		n, err := strconv.ParseInt(names[i], 10, 64)
		return n, err == nil
	}); c.ids != nil {
		r.notes = append(r.notes, fmt.Sprintf("%s: the numbers in %s are the genes' names", r.path, c.place))
		return
	}
	r.notes = append(r.notes, fmt.Sprintf("%s: the numbers in %s are places among the genes, from 0", r.path, c.place))
}

// numbered finds rows by their numbers; nil where one has none, or two have the same.
func numbered(rows int, number func(int) (int64, bool)) map[int64]uint32 {
	ids := make(map[int64]uint32, rows)
	for i := range rows {
		n, ok := number(i)
		if _, again := ids[n]; !ok || again {
			return nil
		}
		ids[n] = uint32(i)
	}
	return ids
}
