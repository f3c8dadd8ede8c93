package stages

import (
	"math"

	"cellvi/io/results"
	"cellvi/model"
)

// rankNumbers are the columns of numbers of ranked genes. Of a table's columns the names
// alone matter: x may be empty.
func (x *rankedGroup) rankNumbers() []deNumber {
	at := func(name string, of *[]float64) deNumber {
		return deNumber{name, func(g int) float64 { return (*of)[g] }}
	}
	sure := func(name string, of func(s model.Sureness) float64) deNumber {
		return deNumber{name, func(g int) float64 { return of(x.sure[g]) }}
	}
	return []deNumber{
		at("response", &x.response), at("sd", &x.sd),
		sure("lower", func(s model.Sureness) float64 { return s.Lower }),
		sure("prob_sign", func(s model.Sureness) float64 { return s.Sign }),
		sure("prob", func(s model.Sureness) float64 { return s.Beyond }),
		at("q", &x.q),
		at("sd_cells", &x.sdCells), at("sd_batches", &x.sdBatches),
		at("slope_reference", &x.slopeStart), at("slope_group", &x.slopeEnd), at("lfc", &x.lfc),
		at("mean_group", &x.raw1.normalized), at("mean_reference", &x.raw2.normalized),
		at("nonzero_group", &x.raw1.nonzero), at("nonzero_reference", &x.raw2.nonzero),
		at("lfc_observed", &x.observed),
	}
}

// rankSchema is the table's.
func rankSchema() results.Schema {
	s := results.Schema{Index: "gene_id", Columns: []results.Field{{Name: "gene_id", Type: results.String}, {Name: "group", Type: results.String},
		{Name: "reference", Type: results.String}, {Name: "rank", Type: results.Int32}}}
	for _, n := range new(rankedGroup).rankNumbers() {
		s.Columns = append(s.Columns, results.Field{Name: n.name, Type: results.Float64})
	}
	return s
}

// rankColumns are a comparison's rows, the genes in their order.
func (x *rankedGroup) rankColumns(genes []string) []results.Column {
	ids, rank := make([]string, len(x.order)), make([]int32, len(x.order))
	for i, g := range x.order {
		ids[i], rank[i] = genes[g], int32(i+1)
	}
	list := []results.Column{{Name: "gene_id", String: ids}, {Name: "group", String: repeat(x.name1, len(ids))},
		{Name: "reference", String: repeat(x.name2, len(ids))}, {Name: "rank", Int32: rank}}
	for _, n := range x.rankNumbers() {
		values := make([]float64, len(ids))
		for i, g := range x.order {
			values[i] = n.of(g)
		}
		list = append(list, results.Column{Name: n.name, Float64: values})
	}
	return list
}

// found is how many genes respond by delta at least with probability 0.95.
func (x *rankedGroup) found() (n int32) {
	for _, s := range x.sure {
		if s.Beyond >= 0.95 {
			n++
		}
	}
	return n
}

// rankedGroups is the table of groups under construction.
type rankedGroups struct {
	names, references                         []string
	cells, others, batches, replicates, found []int32
	length, fits, startFits, endFits          []float64
}

// add adds a comparison's row.
func (t *rankedGroups) add(x *rankedGroup) {
	length, matched := 0.0, int32(0)
	for _, v := range x.v {
		length += v * v
	}
	if !x.unmatched {
		matched = int32(len(x.parts))
	}
	t.names, t.references = append(t.names, x.name1), append(t.references, x.name2)
	t.cells, t.others = append(t.cells, int32(x.n1)), append(t.others, int32(x.n2))
	t.batches, t.replicates, t.found = append(t.batches, matched), append(t.replicates, int32(x.replicated)), append(t.found, x.found())
	t.length = append(t.length, math.Sqrt(length))
	t.fits, t.startFits, t.endFits = append(t.fits, x.fits), append(t.startFits, x.startFits), append(t.endFits, x.endFits)
}

// columns are the table's.
func (t *rankedGroups) columns() []results.Column {
	return []results.Column{{Name: "group", String: t.names}, {Name: "reference", String: t.references},
		{Name: "cells_group", Int32: t.cells}, {Name: "cells_reference", Int32: t.others},
		{Name: "batches", Int32: t.batches}, {Name: "replicates", Int32: t.replicates}, {Name: "distance", Float64: t.length},
		{Name: "correlation_response", Float64: t.fits}, {Name: "correlation_slope_reference", Float64: t.startFits},
		{Name: "correlation_slope_group", Float64: t.endFits}, {Name: "genes_found", Int32: t.found}}
}
