package countstest

import (
	"fmt"
	"math"
	"slices"

	"pgregory.net/rapid"

	"cellvi/io/counts"
)

// Draw draws a table within limits: up to 40 cells of up to 12 genes.
func Draw(t *rapid.T, limits Limits) *FullTable {
	genes := rapid.IntRange(1, 12).Draw(t, "genes")
	cells := rapid.IntRange(0, 40).Draw(t, "cells")
	full := &FullTable{Genes: drawFrame(t, "gene", genes, limits.NoVar, limits)}
	obs := drawFrame(t, "cell", cells, limits.NoObs, limits)
	full.Table = &counts.Table{Obs: *obs, Indptr: []int64{0}}
	for range cells {
		drawRow(t, full, limits)
	}
	return full
}

// drawRow adds the counts of one cell, now and then none.
func drawRow(t *rapid.T, full *FullTable, limits Limits) {
	value := rapid.OneOf(rapid.Float64Range(1, 9), rapid.Float64Range(1, limits.max()))
	for g := range full.Genes.Len() {
		if !rapid.Bool().Draw(t, "has counts") {
			continue
		}
		full.Table.Genes = append(full.Table.Genes, uint32(g))
		full.Table.Values = append(full.Table.Values, math.Floor(value.Draw(t, "count")))
	}
	full.Table.Indptr = append(full.Table.Indptr, int64(len(full.Table.Genes)))
}

func (l Limits) max() float64 {
	if l.MaxCount == 0 {
		return counts.MaxCount
	}
	return l.MaxCount
}

// names are valid UTF-8 without the control characters and the slash that HDF5
// cannot hold everywhere.
var letters = []rune("abzAZ019 _-.:%é漢🧬\u00a0\u0301")

func text(minLen int) *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom(letters), minLen, 8, -1)
}

// drawFrame draws rows with names, which may repeat for genes, and columns.
func drawFrame(t *rapid.T, what string, rows int, bare bool, limits Limits) *counts.Frame {
	f := &counts.Frame{Names: rapid.SliceOfN(text(1), rows, rows).Draw(t, what+" names")}
	if what == "cell" {
		for i := range f.Names { // cells are told apart by name
			f.Names[i] = fmt.Sprintf("%s·%d", f.Names[i], i)
		}
	}
	if bare {
		return f
	}
	// Some names are those of a format's own columns.
	name := rapid.OneOf(columnName(), rapid.SampledFrom([]string{
		"cell_id", "genes", "counts", "obs_genes", "gene_id", "total", "n_cells", "var_total"}))
	for _, n := range rapid.SliceOfNDistinct(name, 0, 5, rapid.ID).Draw(t, what+" columns") {
		f.Columns = append(f.Columns, drawColumn(t, n, rows, limits))
	}
	return f
}

// columnName begins with a letter: "." and "_index" mean something in HDF5.
func columnName() *rapid.Generator[string] {
	return rapid.Map(text(0), func(s string) string { return "c" + s })
}

func drawColumn(t *rapid.T, name string, rows int, limits Limits) counts.Column {
	c := counts.Column{Name: name, Kind: rapid.SampledFrom([]counts.Kind{
		counts.Categorical, counts.String, counts.Int, counts.Float, counts.Bool}).Draw(t, "kind")}
	if c.Kind == counts.Categorical {
		c.Levels = rapid.SliceOfNDistinct(text(0), 1, 4, rapid.ID).Draw(t, "levels")
		c.Ordered = rapid.Bool().Draw(t, "ordered")
	}
	missing := !slices.Contains(limits.NeverMissing, c.Kind) && rapid.Bool().Draw(t, "may miss")
	for range rows {
		if missing && rapid.Bool().Draw(t, "missing") {
			c.AppendMissing(1)
			continue
		}
		one := drawValue(t, c.Header())
		c.Append(&one)
	}
	return c
}

// drawValue makes c a column of one row, which is not missing.
func drawValue(t *rapid.T, c counts.Column) counts.Column {
	switch c.Kind {
	case counts.Categorical:
		c.Codes = []int32{rapid.Int32Range(0, int32(len(c.Levels)-1)).Draw(t, "code")}
	case counts.String:
		c.Strings = []string{text(0).Draw(t, "text")}
	case counts.Int:
		c.Ints = []int64{rapid.Int64().Draw(t, "int")}
	case counts.Float:
		c.Floats = []float64{rapid.Float64().Draw(t, "float")}
	case counts.Bool:
		c.Bools = []bool{rapid.Bool().Draw(t, "bool")}
	}
	return c
}
