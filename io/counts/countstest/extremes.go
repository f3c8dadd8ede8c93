package countstest

import (
	"fmt"
	"math"
	"slices"

	"cellvi/io/counts"
)

// extremes are the tables that random ones seldom reach.
func extremes(limits Limits) map[string]*FullTable {
	empty := example(limits, 3, 4)
	empty.Table.Indptr, empty.Table.Genes, empty.Table.Values = []int64{0, 0, 0, 0}, nil, nil
	repeated := example(limits, 3, 4)
	repeated.Genes.Names = []string{"A", "B", "A", "A"}
	large := example(limits, 3, 4)
	large.Table.Values[0] = limits.max()
	m := map[string]*FullTable{
		"no cells":           example(limits, 0, 4),
		"one cell, one gene": example(limits, 1, 1),
		"no counts at all":   empty,
		"gene names repeat":  repeated,
		"largest count":      large,
		"many cells":         example(limits, 5000, 7),
		"many genes":         example(limits, 3, 70_000), // gene indices beyond 16 bits
	}
	if !limits.WholeOnly {
		m["fractions"] = example(limits, 3, 4)
		for i := range m["fractions"].Table.Values {
			m["fractions"].Table.Values[i] += 0.5
		}
	}
	return m
}

// example is a table by formula: cell i has counts of about a third of the genes
// (every 1,000th of many), every seventh cell none; every kind of annotation.
func example(limits Limits, cells, genes int) *FullTable {
	full := &FullTable{Genes: exampleFrame("gene", genes, limits.NoVar, limits)}
	full.Table = &counts.Table{Obs: *exampleFrame("cell", cells, limits.NoObs, limits), Indptr: []int64{0}}
	step := 3
	if genes > 1000 {
		step = 1000
	}
	for i := range cells {
		for g := i % step; g < genes && i%7 != 6; g += step {
			full.Table.Genes = append(full.Table.Genes, uint32(g))
			full.Table.Values = append(full.Table.Values, float64(1+(i*g+i)%200))
		}
		full.Table.Indptr = append(full.Table.Indptr, int64(len(full.Table.Genes)))
	}
	return full
}

func exampleFrame(what string, rows int, bare bool, limits Limits) *counts.Frame {
	f := &counts.Frame{Names: make([]string, rows)}
	columns := []counts.Column{
		{Name: "sample", Kind: counts.Categorical, Levels: []string{"b", "a", "unused"}, Codes: []int32{}},
		{Name: "stage", Kind: counts.Categorical, Levels: []string{"early", "late"}, Ordered: true, Codes: []int32{}},
		{Name: "note", Kind: counts.String},
		{Name: "depth", Kind: counts.Int},
		{Name: "score", Kind: counts.Float},
		{Name: "kept", Kind: counts.Bool},
	}
	for i := range rows {
		f.Names[i] = fmt.Sprintf("%s-%d", what, i)
		for k := range columns {
			addExample(&columns[k], i, limits)
		}
	}
	if !bare {
		f.Columns = columns
	}
	return f
}

// addExample adds row i, every fifth missing where that may be.
func addExample(c *counts.Column, i int, limits Limits) {
	if i%5 == 4 && !slices.Contains(limits.NeverMissing, c.Kind) {
		c.AppendMissing(1)
		return
	}
	one := c.Header()
	switch c.Kind {
	case counts.Categorical:
		one.Codes = []int32{int32(i % 2)}
	case counts.String:
		one.Strings = []string{fmt.Sprintf("ñ %d", i%3)}
	case counts.Int:
		one.Ints = []int64{math.MinInt64 + int64(i)}
	case counts.Float:
		one.Floats = []float64{float64(i) / 3}
	case counts.Bool:
		one.Bools = []bool{i%2 == 0}
	}
	c.Append(&one)
}
