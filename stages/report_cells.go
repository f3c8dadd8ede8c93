package stages

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"path/filepath"

	"cellvi/io/results"
	"cellvi/pipeline"
	"cellvi/stages/report"
)

func (s *Report) cells() string { return filepath.Join(s.Prepared(), "cells.parquet") }

// readCells takes the latent's cells: batch and label of those to draw, how many
// there are of each, the sizes of the split. The file is read a row group at a
// time.
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
	for g := range r.RowGroups() {
		if err := ctx.Err(); err != nil {
			return err
		}
		t, err := r.Read(g, "cell_id", "batch", "label", "split")
		if err != nil {
			return err
		}
		if c := t.Column("cell_id"); c != nil {
			hashNames(names, c.String)
		}
		if err := s.takeCodes(d, t, draw, row); err != nil {
			return err
		}
		countSplit(d, t.Column("split"))
		row += t.Rows()
	}
	return s.readLatent(ctx, d, draw, names.Sum(nil))
}

// nameGroupings takes the levels' names from the file's metadata, and makes room
// for the codes of n cells.
func (s *Report) nameGroupings(d *report.Data, metadata string, n int) error {
	var names struct {
		BatchKey    string   `json:"batch_key"`
		BatchLevels []string `json:"batch_levels"`
		LabelsKey   string   `json:"labels_key"`
		LabelLevels []string `json:"label_levels"`
	}
	if err := json.Unmarshal([]byte(metadata), &names); err != nil {
		return pipeline.BadInput("%s: its metadata cellvi does not name the levels (%v): run `cellvi prepare` again", s.cells(), err)
	}
	grouping := func(key string, levels []string) report.Grouping {
		return report.Grouping{Key: key, Levels: levels, Codes: make([]int32, n), Cells: make([]int, len(levels))}
	}
	d.Batch, d.Label = grouping(names.BatchKey, names.BatchLevels), grouping(names.LabelsKey, names.LabelLevels)
	return nil
}

// takeCodes takes batch and label of the cells of t, the first of which is row.
func (s *Report) takeCodes(d *report.Data, t *results.Table, draw sample, row int) error {
	for _, g := range []struct {
		column string
		*report.Grouping
	}{{"batch", &d.Batch}, {"label", &d.Label}} {
		if g.Key == "" {
			continue
		}
		c := t.Column(g.column)
		if c == nil || !codesWithin(c.Int32, len(g.Levels)) {
			return pipeline.BadInput("%s: the column %s does not hold codes of the %d levels of %s: run `cellvi prepare` again", s.cells(), g.column, len(g.Levels), g.Key)
		}
		for _, code := range c.Int32 {
			g.Cells[code]++
		}
		draw.each(row, len(c.Int32), func(at, i int) { g.Codes[at] = c.Int32[i] })
	}
	return nil
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
