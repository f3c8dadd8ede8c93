package arrowtable

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"cellvi/io/counts"
)

// table is the files of an input as one table: the first one's columns, in its order.
type table struct {
	path    string
	files   []file
	columns []column
	place   []map[string]int // per file: name → field; nil where the fields are the first one's
	current string           // the file being read, for messages
}

// column is a column of the table.
type column struct {
	name  string
	class class          // over all files
	typ   arrow.DataType // in the first file
}

// newTable checks that all files have the same columns.
func newTable(path string, files []file) (*table, error) {
	t := &table{path: path, files: files, place: make([]map[string]int, len(files)), current: files[0].name()}
	for _, f := range files[0].schema().Fields() {
		if !utf8.ValidString(f.Name) {
			return nil, &counts.InputError{File: t.current, Found: fmt.Sprintf("the column name %q is not valid UTF-8", f.Name)}
		}
		t.columns = append(t.columns, column{f.Name, classOf(f.Type), f.Type})
	}
	for i := 1; i < len(files); i++ {
		if err := t.join(i); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// join holds file i against the first one.
func (t *table) join(i int) error {
	fields := t.files[i].schema().Fields()
	same := len(fields) == len(t.columns)
	place := make(map[string]int, len(fields))
	for k, f := range fields {
		place[f.Name] = k
		same = same && f.Name == t.columns[k].name
	}
	if !same {
		t.place[i] = place
		if err := t.sameNames(i, place); err != nil {
			return err
		}
	}
	for k := range t.columns {
		c := &t.columns[k]
		joined, ok := joinClasses(c.class, classOf(fields[t.field(i, k)].Type))
		if !ok {
			return t.differ(i, c.name, fmt.Sprintf("is %s, in %s it is %s", fields[t.field(i, k)].Type, t.files[0].name(), c.typ))
		}
		c.class = joined
	}
	return nil
}

func (t *table) differ(i int, name, found string) error {
	return &counts.InputError{File: t.files[i].name(), Place: "column " + counts.Printable(name), Found: found,
		Advice: "all files of a folder must have the same columns"}
}

// sameNames holds that file i has the first one's columns, in whichever order.
func (t *table) sameNames(i int, place map[string]int) error {
	first := make(map[string]bool, len(t.columns))
	for _, c := range t.columns {
		if first[c.name] {
			return t.differ(i, c.name, fmt.Sprintf("is there twice in %s, and the columns' order differs", t.files[0].name()))
		}
		first[c.name] = true
		if _, ok := place[c.name]; !ok {
			return t.differ(i, c.name, "is missing, "+t.files[0].name()+" has it")
		}
	}
	for _, f := range t.files[i].schema().Fields() {
		if !first[f.Name] {
			return t.differ(i, f.Name, "is not in "+t.files[0].name())
		}
	}
	if n := t.files[i].schema().NumFields(); n != len(t.columns) {
		return t.differ(i, t.columns[0].name, fmt.Sprintf("%d columns where %s has %d", n, t.files[0].name(), len(t.columns)))
	}
	return nil
}

// joinClasses is the class in which two files' values of a column are read.
func joinClasses(a, b class) (class, bool) {
	if a > b {
		a, b = b, a
	}
	switch {
	case a == b || b == nothing:
		return a, true
	case a == whole && b == real:
		return real, true
	case a == text && b == category:
		return text, true
	}
	return other, false
}

// field is the place of column k in file i.
func (t *table) field(i, k int) int {
	if t.place[i] == nil {
		return k
	}
	return t.place[i][t.columns[k].name]
}

func (t *table) fields(i int, columns []int) []int {
	list := make([]int, len(columns))
	for n, k := range columns {
		list[n] = t.field(i, k)
	}
	return list
}

// find is the place of a column by name; -1 where there is none.
func (t *table) find(name string) int {
	return slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
}

// rows is the number of rows of all files.
func (t *table) rows() int64 {
	n := int64(0)
	for _, f := range t.files {
		for _, rows := range f.parts() {
			n += rows
		}
	}
	return n
}

// pieces yields columns of all files.
func (t *table) pieces(ctx context.Context, columns []int, rows int) iter.Seq2[piece, error] {
	return func(yield func(piece, error) bool) {
		for i, f := range t.files {
			t.current = f.name()
			fields := t.fields(i, columns)
			for part := range f.parts() {
				for p, err := range f.scan(ctx, part, fields, rows) {
					if !yield(p, err) || err != nil {
						return
					}
				}
			}
		}
	}
}

// converter is that of column k, without levels.
func (t *table) converter(k int) *converter {
	return &converter{path: t.path, place: "column " + counts.Printable(t.columns[k].name), kind: kindOf(t.columns[k].class)}
}

// metadata is an entry of the first file's schema.
func (t *table) metadata(key string) (string, bool) {
	return t.files[0].schema().Metadata().GetValue(key)
}

// pandasIndex is the columns that pandas takes as the index, by what it left in the
// schema: https://pandas.pydata.org/docs/development/developer.html. A range has none.
func (t *table) pandasIndex() []string {
	entry, _ := t.metadata("pandas")
	var m struct {
		IndexColumns []any `json:"index_columns"`
	}
	if json.Unmarshal([]byte(entry), &m) != nil {
		return nil
	}
	var names []string
	for _, v := range m.IndexColumns {
		if name, ok := v.(string); ok {
			names = append(names, name)
		}
	}
	return names
}

// quoted lists names for a message, at most three.
func quoted(names []string) string {
	shown := make([]string, 0, 3)
	for _, n := range names[:min(3, len(names))] {
		shown = append(shown, counts.Printable(n))
	}
	if len(names) > 3 {
		shown = append(shown, "…")
	}
	return strings.Join(shown, ", ")
}
