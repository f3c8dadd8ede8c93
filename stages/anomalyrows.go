package stages

import "cellvi/io/results"

// numberRows are the columns of a table under construction: names, int32s, float64s.
type numberRows struct {
	index string
	names []string
	n     int
	whole [][]int32
	real  [][]float64
}

func newRows(names []string, index string, n int) *numberRows {
	return &numberRows{index: index, names: names, n: n}
}

// ints and floats set row i.
func (t *numberRows) ints(i int, values ...int32) {
	for k, v := range values {
		if k == len(t.whole) {
			t.whole = append(t.whole, make([]int32, t.n))
		}
		t.whole[k][i] = v
	}
}

func (t *numberRows) floats(i int, values ...float64) {
	for k, v := range values {
		if k == len(t.real) {
			t.real = append(t.real, make([]float64, t.n))
		}
		t.real[k][i] = v
	}
}

// columns are those of these names: whole numbers first.
func (t *numberRows) columns(whole, real []string) []results.Column {
	list := []results.Column{{Name: t.index, String: t.names}}
	for k, name := range whole {
		c := results.Column{Name: name, Int32: make([]int32, 0)}
		if k < len(t.whole) {
			c.Int32 = t.whole[k]
		}
		list = append(list, c)
	}
	for k, name := range real {
		c := results.Column{Name: name, Float64: make([]float64, 0)}
		if k < len(t.real) {
			c.Float64 = t.real[k]
		}
		list = append(list, c)
	}
	return list
}

// ints are fields of int32.
func ints(names ...string) (fields []results.Field) {
	for _, name := range names {
		fields = append(fields, results.Field{Name: name, Type: results.Int32})
	}
	return fields
}
