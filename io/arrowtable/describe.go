package arrowtable

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"cellvi/io/counts"
)

// Describe says what is in a file or folder without reading counts; of a long table
// it reads the names.
func Describe(path string, opt Options) (*counts.Description, error) {
	r, err := Open(path, opt)
	if err != nil {
		return nil, err
	}
	defer r.Close() // nothing was written
	d := &counts.Description{Format: r.table.files[0].format() + " (" + r.plan.layout + " table)",
		Cells: r.cells, Genes: int64(r.genes.Len()), Obs: counts.Annotations(&r.obs), Var: counts.Annotations(r.genes)}
	err = guard(r.at, func() error {
		d.Matrices = []counts.Matrix{r.matrix()}
		return nil
	})
	return d, err
}

// matrix describes the counts.
func (r *Reader) matrix() counts.Matrix {
	k, m := r.plan.count, counts.Matrix{Name: "table", Storage: r.plan.layout, Cells: r.cells, Genes: int64(r.genes.Len())}
	switch r.plan.layout {
	case Wide:
		k, m.Stored = r.plan.genes[0], r.cells*m.Genes
	case Long:
		m.Stored = r.table.rows()
	}
	m.Type = numpyName(r.table.columns[k].typ)
	if name := r.table.files[0].compression(r.table.field(0, k)); name != "" {
		m.Filters = []string{name}
	}
	return m
}

// numpyName is the name of the numbers' type, of a list's values.
func numpyName(t arrow.DataType) string {
	if l, ok := storage(t).(arrow.ListLikeType); ok {
		return numpyName(l.Elem())
	}
	name := storage(t).Name()
	if storage(t).ID() == arrow.FLOAT16 {
		return "float16"
	}
	return strings.ToLower(name)
}
