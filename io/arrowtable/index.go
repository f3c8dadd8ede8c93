package arrowtable

import (
	"fmt"
	"slices"

	"cellvi/io/counts"
)

// nameColumns are names of columns that name cells, first found first taken; the
// last two are what tools leave of an index without a name.
var nameColumns = []string{"__index_level_0__", "cell_id", "cell", "barcode", "barcodes", "CellID", "index", "obs_names", "", "Unnamed: 0"}

// rowNames is the column that names the rows, of those that are not taken: the one
// given, else the pandas index, else the first of nameColumns; -1 for row numbers, where there is no text at
// all.
func (t *table) rowNames(given string, taken func(int) bool) (int, error) {
	if given != "" {
		return t.find(given), t.canName(t.find(given))
	}
	if k := t.indexColumn(); k >= 0 {
		return k, t.canName(k)
	}
	for _, name := range nameColumns {
		if k := t.find(name); k >= 0 && !taken(k) && t.canName(k) == nil {
			return k, nil
		}
	}
	texts := t.names(func(k int) bool { return !taken(k) && t.words(k) })
	if len(texts) == 0 {
		return -1, nil
	}
	if index := t.pandasIndex(); len(index) > 1 {
		return 0, t.indexFault(index)
	}
	return 0, t.fault("", "no column names the cells; its columns of text are "+quoted(texts), "name the one that does with --cell-column, or call it cell_id")
}

// indexColumn is the pandas index; of one with several levels, the only one of text;
// -1 where there is none such.
func (t *table) indexColumn() int {
	index := t.pandasIndex()
	if len(index) == 1 {
		return t.find(index[0])
	}
	return t.only(func(k int) bool { return slices.Contains(index, t.columns[k].name) && t.words(k) })
}

// words tells columns of text.
func (t *table) words(k int) bool {
	c := t.columns[k].class
	return c == text || c == category
}

// indexFault is of a pandas index none of whose levels is known to name the rows.
func (t *table) indexFault(index []string) error {
	return t.fault("", fmt.Sprintf("its pandas index has %d levels (%s), and which names the rows is not known", len(index), quoted(index)),
		"make the one that does the index, and columns of the others, with reset_index")
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
