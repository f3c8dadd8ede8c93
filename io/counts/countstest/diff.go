package countstest

import (
	"fmt"
	"math"
	"slices"

	"cellvi/io/counts"
)

// DiffTables says where two tables over genes genes differ first, "" nowhere.
func DiffTables(got, want *counts.Table, genes int) string {
	if d := DiffFrames(&got.Obs, &want.Obs); d != "" {
		return "cells: " + d
	}
	if err := got.Validate(genes); err != nil {
		return err.Error()
	}
	for i := range want.Cells() {
		gotGenes, gotValues := got.Row(i)
		genes, values := want.Row(i)
		if !slices.Equal(gotGenes, genes) || !slices.EqualFunc(gotValues, values, same) {
			return fmt.Sprintf("cell %d: genes %v counts %v, want %v %v", i, gotGenes, gotValues, genes, values)
		}
	}
	return ""
}

// same is equality with NaN equal to itself.
func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// DiffFrames says where two frames differ first, "" nowhere. Missing may be nil
// or all false.
func DiffFrames(got, want *counts.Frame) string {
	if !slices.Equal(got.Names, want.Names) {
		return fmt.Sprintf("names %q, want %q", got.Names, want.Names)
	}
	if !slices.Equal(got.ColumnNames(), want.ColumnNames()) {
		return fmt.Sprintf("columns %q, want %q", got.ColumnNames(), want.ColumnNames())
	}
	for i := range want.Columns {
		if d := diffColumns(&got.Columns[i], &want.Columns[i]); d != "" {
			return fmt.Sprintf("column %q: %s", want.Columns[i].Name, d)
		}
	}
	return ""
}

func diffColumns(got, want *counts.Column) string {
	switch {
	case got.Kind != want.Kind || got.Ordered != want.Ordered:
		return fmt.Sprintf("%s, ordered %v, want %s, %v", got.Kind, got.Ordered, want.Kind, want.Ordered)
	case !slices.Equal(got.Levels, want.Levels):
		return fmt.Sprintf("levels %q, want %q", got.Levels, want.Levels)
	case got.Len() != want.Len():
		return fmt.Sprintf("%d rows, want %d", got.Len(), want.Len())
	}
	for i := range want.Len() {
		if got.IsMissing(i) != want.IsMissing(i) || !sameRow(got, want, i) {
			return fmt.Sprintf("row %d: %q (missing %v), want %q (%v)", i, got.Text(i), got.IsMissing(i), want.Text(i), want.IsMissing(i))
		}
	}
	return ""
}

func sameRow(a, b *counts.Column, i int) bool {
	switch a.Kind {
	case counts.Categorical:
		return a.Codes[i] == b.Codes[i]
	case counts.String:
		return a.Strings[i] == b.Strings[i]
	case counts.Int:
		return a.Ints[i] == b.Ints[i]
	case counts.Float:
		return same(a.Floats[i], b.Floats[i])
	default:
		return a.Bools[i] == b.Bools[i]
	}
}
