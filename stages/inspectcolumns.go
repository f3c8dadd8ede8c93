package stages

import (
	"slices"

	"cellvi/io/counts"
)

// ColumnInfo is one annotation of cells or genes.
type ColumnInfo struct {
	Name    string      `json:"name"`
	Kind    string      `json:"kind"`
	Levels  []LevelInfo `json:"levels"` // null: not of few values
	Missing int64       `json:"missing"`
	Problem string      `json:"problem,omitempty"` // why it cannot be used
}

// LevelInfo is one value of an annotation.
type LevelInfo struct {
	Name  string `json:"name"`
	Cells int64  `json:"cells"`
}

// mostLevels is the most different values of text or numbers that are told one
// by one; a categorical's are all told.
const mostLevels = 100

func describedColumns(from []counts.Annotation) []ColumnInfo {
	columns := []ColumnInfo{}
	for _, a := range from {
		columns = append(columns, ColumnInfo{Name: a.Name, Kind: a.Kind, Problem: a.Problem})
	}
	return columns
}

// geneColumns are the genes' annotations, without levels.
func geneColumns(genes *counts.Frame) []ColumnInfo {
	columns := []ColumnInfo{}
	for _, c := range genes.Columns {
		columns = append(columns, ColumnInfo{Name: c.Name, Kind: c.Kind.String()})
	}
	return columns
}

// columnTallies counts the cells of each value of each annotation.
type columnTallies []columnTally

type columnTally struct {
	column  counts.Column // header
	missing int64
	order   []string // values as first met, or levels
	cells   map[string]int64
	many    bool // more than mostLevels values: not told
}

func newColumnTallies(obs *counts.Frame) columnTallies {
	tallies := make(columnTallies, len(obs.Columns))
	for i, c := range obs.Columns {
		tallies[i] = columnTally{column: c.Header(), order: slices.Clone(c.Levels), cells: map[string]int64{}, many: c.Kind == counts.Float}
		for _, level := range c.Levels {
			tallies[i].cells[level] = 0
		}
	}
	return tallies
}

func (t columnTallies) add(obs *counts.Frame) {
	for i := range t {
		t[i].add(&obs.Columns[i])
	}
}

func (t *columnTally) add(c *counts.Column) {
	for i := range c.Len() {
		switch {
		case c.IsMissing(i):
			t.missing++
		case !t.many:
			t.count(c.Text(i))
		}
	}
}

func (t *columnTally) count(value string) {
	n, known := t.cells[value]
	if !known {
		t.order = append(t.order, value)
		t.many = len(t.order) > mostLevels
	}
	t.cells[value] = n + 1
}

// infos are the columns; those of before that cannot be read follow.
func (t columnTallies) infos(before []ColumnInfo) []ColumnInfo {
	columns := []ColumnInfo{}
	for i := range t {
		columns = append(columns, t[i].info())
	}
	for _, c := range before {
		if c.Problem != "" {
			columns = append(columns, c)
		}
	}
	return columns
}

func (t *columnTally) info() ColumnInfo {
	info := ColumnInfo{Name: t.column.Name, Kind: t.column.Kind.String(), Missing: t.missing}
	if t.many {
		return info
	}
	if t.column.Kind != counts.Categorical {
		slices.Sort(t.order)
	}
	info.Levels = []LevelInfo{}
	for _, level := range t.order {
		info.Levels = append(info.Levels, LevelInfo{Name: level, Cells: t.cells[level]})
	}
	return info
}
