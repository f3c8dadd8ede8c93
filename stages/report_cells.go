package stages

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"

	"cellvi/io/results"
	"cellvi/pipeline"
	"cellvi/stages/report"
)

func (s *Report) cells() string { return filepath.Join(s.Prepared(), "cells.parquet") }

// readCells takes the latent's cells: batch, label, covariates and library size of
// those to draw, how many there are of each level, the sizes of the split. The file
// is read a row group at a time.
func (s *Report) readCells(ctx context.Context, d *report.Data) (err error) {
	r, err := results.Open(s.cells())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	d.Cells = int(r.Rows())
	draw, names, row := newSample(d.Cells), sha256.New(), 0
	if err := s.nameGroupings(d, r.Metadata["cellvi"], draw.len()); err != nil {
		return err
	}
	wanted := s.wantedColumns(d, r.Columns())
	for g := range r.RowGroups() {
		if err := ctx.Err(); err != nil {
			return err
		}
		t, err := r.Read(g, wanted...)
		if err != nil {
			return err
		}
		if c := t.Column("cell_id"); c != nil {
			hashNames(names, c.String)
		}
		if err := s.takeCodes(d, t, draw, row); err != nil {
			return err
		}
		takeLibrary(d, t.Column(libraryColumn), draw, row)
		countSplit(d, t.Column("split"))
		row += t.Rows()
	}
	return s.readLatent(ctx, d, draw, names.Sum(nil))
}

// libraryColumn holds the counts of a cell.
const libraryColumn = "library_size"

// wantedColumns are those that there are of the columns to read, and makes room for
// the library sizes.
func (s *Report) wantedColumns(d *report.Data, there []string) []string {
	wanted := []string{"cell_id", "batch", "label", "split"}
	for i := range d.Covariates {
		wanted = append(wanted, categoricalColumn(i))
	}
	if slices.Contains(there, libraryColumn) {
		wanted = append(wanted, libraryColumn)
		d.Library = make([]float32, len(d.Batch.Codes))
	}
	return wanted
}

// nameGroupings takes the levels' names from the file's metadata, and makes room
// for the codes of n cells.
func (s *Report) nameGroupings(d *report.Data, metadata string, n int) error {
	var names covariates
	if err := json.Unmarshal([]byte(metadata), &names); err != nil || len(names.CategoricalKeys) != len(names.CategoricalLevels) {
		return pipeline.BadInput("%s: its metadata cellvi does not name the levels (%v): run `cellvi prepare` again", s.cells(), err)
	}
	grouping := func(key string, levels []string) report.Grouping {
		return report.Grouping{Key: key, Levels: levels, Codes: make([]int32, n), Cells: make([]int, len(levels))}
	}
	d.Batch, d.Label = grouping(names.BatchKey, names.BatchLevels), grouping(names.LabelsKey, names.LabelLevels)
	for i, key := range names.CategoricalKeys {
		d.Covariates = append(d.Covariates, grouping(key, names.CategoricalLevels[i]))
	}
	return nil
}

// takeCodes takes batch, label and covariates of the cells of t, the first of which
// is row.
func (s *Report) takeCodes(d *report.Data, t *results.Table, draw sample, row int) error {
	type column struct {
		name string
		*report.Grouping
	}
	all := []column{{"batch", &d.Batch}, {"label", &d.Label}}
	for i := range d.Covariates {
		all = append(all, column{categoricalColumn(i), &d.Covariates[i]})
	}
	for _, g := range all {
		if g.Key == "" {
			continue
		}
		c := t.Column(g.name)
		if c == nil || !codesWithin(c.Int32, len(g.Levels)) {
			return pipeline.BadInput("%s: the column %s does not hold codes of the %d levels of %s: run `cellvi prepare` again", s.cells(), g.name, len(g.Levels), g.Key)
		}
		for _, code := range c.Int32 {
			g.Cells[code]++
		}
		draw.each(row, len(c.Int32), func(at, i int) { g.Codes[at] = c.Int32[i] })
	}
	return nil
}

// takeLibrary takes the counts of the cells to draw, the first of which is row.
func takeLibrary(d *report.Data, c *results.Column, draw sample, row int) {
	if c == nil || c.Float64 == nil || d.Library == nil {
		return
	}
	draw.each(row, len(c.Float64), func(at, i int) { d.Library[at] = float32(c.Float64[i]) })
}

func countSplit(d *report.Data, split *results.Column) {
	if split == nil {
		return
	}
	for _, part := range split.String {
		switch part {
		case "validation":
			d.Validation++
		case "train":
		default:
			d.Test++
		}
	}
}

// codesWithin tells whether there are codes and all are below levels.
func codesWithin(codes []int32, levels int) bool {
	for _, c := range codes {
		if c < 0 || int(c) >= levels {
			return false
		}
	}
	return codes != nil
}
