package stages

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"cellvi/io/results"
	"cellvi/pipeline"
	"cellvi/stages/report"
)

// readLatent takes the posterior means and the cells' batches and labels.
func (s *Report) readLatent(d *report.Data) error {
	latent, err := results.Read(s.Latent())
	if err != nil {
		return err
	}
	path := filepath.Join(s.Prepared(), "cells.parquet")
	cells, err := results.Read(path)
	if err != nil {
		return err
	}
	ids, prepared := latent.Column("cell_id"), cells.Column("cell_id")
	if ids == nil || prepared == nil || !slices.Equal(ids.String, prepared.String) {
		return pipeline.BadInput("%s: its cells are not those of %s: run `cellvi embed` again", s.Latent(), path)
	}
	for k := 0; ; k++ {
		c := latent.Column(fmt.Sprintf("latent_%d", k))
		if c == nil || c.Float32 == nil {
			break
		}
		d.Latent = append(d.Latent, c.Float32)
	}
	return readGroupings(d, cells, path)
}

// readGroupings takes the codes of batch and label, their levels' names from
// the file's metadata, and the sizes of the split.
func readGroupings(d *report.Data, cells *results.Table, path string) error {
	var names struct {
		BatchKey    string   `json:"batch_key"`
		BatchLevels []string `json:"batch_levels"`
		LabelsKey   string   `json:"labels_key"`
		LabelLevels []string `json:"label_levels"`
	}
	if err := json.Unmarshal([]byte(cells.Metadata["cellvi"]), &names); err != nil {
		return pipeline.BadInput("%s: its metadata cellvi does not name the levels (%v): run `cellvi prepare` again", path, err)
	}
	d.Batch = report.Grouping{Key: names.BatchKey, Levels: names.BatchLevels}
	d.Label = report.Grouping{Key: names.LabelsKey, Levels: names.LabelLevels}
	for _, g := range []struct {
		column string
		*report.Grouping
	}{{"batch", &d.Batch}, {"label", &d.Label}} {
		if g.Key == "" {
			continue
		}
		c := cells.Column(g.column)
		if c == nil || !codesWithin(c.Int32, len(g.Levels)) {
			return pipeline.BadInput("%s: the column %s does not hold codes of the %d levels of %s: run `cellvi prepare` again", path, g.column, len(g.Levels), g.Key)
		}
		g.Codes = c.Int32
	}
	countSplit(d, cells.Column("split"))
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
