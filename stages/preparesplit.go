package stages

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/results"
	"cellvi/pipeline"
)

// The names of a split's parts.
const (
	partTrain      = "train"
	partValidation = "validation"
	partTest       = "test" // neither: only where shares leave a rest
)

// split divides the kept cells, by --split or at random.
func (d *decisions) split(context.Context) error {
	divide := d.drawSplit
	if path := d.stage.Options.Split; path != "" {
		divide = func() error { return d.readSplit(path) }
	}
	if err := divide(); err != nil {
		return err
	}
	if err := d.checkTrained(d.cellsOf(partTrain)); err != nil {
		return err
	}
	for _, part := range []string{partTrain, partValidation, partTest} {
		n := d.cellsOf(part)
		d.job.Count("cells_"+part, n)
		if n > 0 {
			d.job.Note("%s for %s", plural(n, "cell", "cells"), part)
		}
	}
	return nil
}

// cellsOf is the number of kept cells in a part.
func (d *decisions) cellsOf(part string) (n int64) {
	for _, p := range d.part {
		if p == part {
			n++
		}
	}
	return n
}

func (d *decisions) drawSplit() error {
	o := d.stage.Options
	s, err := NewSplit(len(d.rows), SplitOptions{
		TrainSize: o.TrainSize, ValidationSize: o.ValidationSize,
		BatchSize: d.stage.Shared.BatchSize, Seed: d.stage.Shared.Seed,
	})
	if err != nil {
		return err
	}
	d.part = slices.Repeat([]string{partTest}, len(d.rows))
	for _, i := range s.Train {
		d.part[i] = partTrain
	}
	for _, i := range s.Validation {
		d.part[i] = partValidation
	}
	if s.Moved > 0 {
		d.job.Note("%s from training to validation: a last minibatch would be too small (--train-size 0.9 keeps them)", plural(int64(s.Moved), "cell goes", "cells go"))
	}
	if s.Short > 0 {
		d.job.Warn("the last minibatch of training has %s: too few for batch norm (another --batch-size or --train-size changes it)", plural(int64(s.Short), "cell", "cells"))
	}
	return nil
}

// readSplit takes the split of a file, which must name every kept cell.
func (d *decisions) readSplit(path string) error {
	cells, parts, err := readSplitFile(path)
	if err != nil {
		return err
	}
	part := make(map[string]string, len(cells))
	for i, cell := range cells {
		if before, twice := part[cell]; twice && before != parts[i] {
			return pipeline.BadInput("%s: row %d: cell %s is %s here and %s before", path, i+1, counts.Printable(cell), parts[i], before)
		}
		if parts[i] != partTrain && parts[i] != partValidation {
			return pipeline.BadInput("%s: row %d: cell %s: split is %q, it must be train or validation", path, i+1, counts.Printable(cell), parts[i])
		}
		part[cell] = parts[i]
	}
	d.part = make([]string, len(d.rows))
	missing, first := 0, ""
	for i, row := range d.rows {
		if d.part[i] = part[d.names[row]]; d.part[i] == "" {
			if missing++; missing == 1 {
				first = d.names[row]
			}
		}
	}
	if missing > 0 {
		return pipeline.BadInput("%s: column cell_id: %d of %d cells are not in it, the first %s: name every cell, train or validation", path, missing, len(d.rows), counts.Printable(first))
	}
	return nil
}

// readSplitFile reads the columns cell_id and split of a Parquet or CSV.
func readSplitFile(path string) (cells, parts []string, err error) {
	if strings.HasSuffix(path, ".parquet") {
		table, err := results.Read(path)
		if err != nil {
			return nil, nil, err
		}
		c := table.Column("cell_id")
		s := table.Column("split")
		if c == nil || s == nil || len(c.String) != table.Rows() || len(s.String) != table.Rows() {
			return nil, nil, noSplitColumns(path)
		}
		return c.String, s.String, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close() // only read from
	return readSplitCSV(path, f)
}

func readSplitCSV(path string, f io.Reader) (cells, parts []string, err error) {
	lines := csv.NewReader(f)
	header, err := lines.Read()
	if err != nil {
		return nil, nil, noSplitColumns(path)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	cell, part := slices.Index(header, "cell_id"), slices.Index(header, "split")
	if cell < 0 || part < 0 {
		return nil, nil, noSplitColumns(path)
	}
	for {
		line, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return cells, parts, nil
		}
		if err != nil {
			return nil, nil, pipeline.BadInput("%s: %w", path, err)
		}
		cells, parts = append(cells, line[cell]), append(parts, line[part])
	}
}

func noSplitColumns(path string) error {
	return pipeline.BadInput("%s: no columns cell_id and split of text: give a CSV with such a first line, or a Parquet", path)
}
