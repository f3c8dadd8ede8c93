package arrowtable

import (
	"fmt"

	"cellvi/io/counts"
)

// nameColumns are names of columns that name cells, first found first taken; the
// last two are what tools leave of an index without a name.
var nameColumns = []string{"__index_level_0__", "cell_id", "cell", "barcode", "barcodes", "CellID", "index", "obs_names", "", "Unnamed: 0"}

// rowNames is the column that names the rows, of those that are not taken: the one
// asked for, else the pandas index, else the first of nameColumns; -1 for row
// numbers, where there is no text at all.
func (t *table) rowNames(asked string, taken func(int) bool) (int, error) {
	if asked != "" {
		k := t.find(asked)
		if k < 0 {
			return 0, t.fault("", fmt.Sprintf("it has no column %s to name its rows", counts.Printable(asked)), "its columns are "+quoted(t.names(nil)))
		}
		return k, t.canName(k)
	}
	index := t.pandasIndex()
	if len(index) == 1 && t.find(index[0]) >= 0 {
		k := t.find(index[0])
		return k, t.canName(k)
	}
	for _, name := range nameColumns {
		if k := t.find(name); k >= 0 && !taken(k) && t.canName(k) == nil {
			return k, nil
		}
	}
	texts := t.names(func(k int) bool {
		c := t.columns[k].class
		return !taken(k) && (c == text || c == category)
	})
	if len(texts) == 0 {
		return -1, nil
	}
	found := "no column names the cells"
	if len(index) > 1 {
		found = fmt.Sprintf("its pandas index has %d columns, one expected", len(index))
	}
	return 0, t.fault("", fmt.Sprintf("%s; its columns of text are %s", found, quoted(texts)), "call the one that does cell_id")
}

// canName says what keeps column k from naming rows.
func (t *table) canName(k int) error {
	c := t.columns[k]
	if c.class == text || c.class == whole || c.class == category {
		return nil
	}
	return t.fault(c.name, fmt.Sprintf("%s values cannot name cells", c.typ), "write them as text")
}

// names lists the columns that want says yes to; nil is all.
func (t *table) names(want func(int) bool) []string {
	var list []string
	for k := range t.columns {
		if want == nil || want(k) {
			list = append(list, t.columns[k].name)
		}
	}
	return list
}

// fault is an error of the input at a column.
func (t *table) fault(column, found, advice string) error {
	e := &counts.InputError{File: t.path, Found: found, Advice: advice}
	if column != "" {
		e.Place = "column " + counts.Printable(column)
	}
	return e
}
