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

// splitFileBytes is about what each cell of a --split file takes until all cells
// have found their part: its name and its place in a map.
const splitFileBytes = 80

// readSplit takes the split of a file, which must name every kept cell.
func (d *decisions) readSplit(ctx context.Context, path string) error {
	parts := map[string]part{}
	row := 0
	err := eachSplitRow(path, func(cell, name string) error {
		row++
		p, known := map[string]part{partTrain: toTrain, partValidation: toValidate}[name]
		if !known {
			return pipeline.BadInput("%s: row %d: cell %s: split is %q, it must be train or validation", path, row, counts.Printable(cell), name)
		}
		if before, twice := parts[cell]; twice && before != p {
			return pipeline.BadInput("%s: row %d: cell %s is %s here and %s before", path, row, counts.Printable(cell), p, before)
		}
		parts[cell] = p
		return nil
	})
	if err != nil {
		return err
	}
	d.part = make([]part, 0, len(d.rows))
	missing, first := 0, ""
	err = d.eachName(ctx, func(cell string) error {
		p, known := parts[cell]
		if !known {
			if missing++; missing == 1 {
				first = cell
			}
		}
		d.part = append(d.part, p)
		return nil
	})
	if err == nil && missing > 0 {
		return pipeline.BadInput("%s: column cell_id: %d of %d cells are not in it, the first %s: name every cell, train or validation", path, missing, len(d.rows), counts.Printable(first))
	}
	return err
}

// eachSplitRow calls do with the columns cell_id and split of each row of a
// Parquet or CSV.
func eachSplitRow(path string, do func(cell, part string) error) error {
	if strings.HasSuffix(path, ".parquet") {
		return eachSplitParquet(path, do)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() // only read from
	return eachSplitCSV(path, f, do)
}

func eachSplitParquet(path string, do func(cell, part string) error) error {
	r, err := results.Open(path)
	if err != nil {
		return err
	}
	defer r.Close() // only read from
	for g := range r.RowGroups() {
		table, err := r.Read(g, "cell_id", "split")
		if err != nil {
			return err
		}
		cells, parts := table.Column("cell_id"), table.Column("split")
		if cells == nil || parts == nil || len(cells.String) != table.Rows() || len(parts.String) != table.Rows() {
			return noSplitColumns(path)
		}
		for i, cell := range cells.String {
			if err := do(cell, parts.String[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func eachSplitCSV(path string, f io.Reader, do func(cell, part string) error) error {
	lines := csv.NewReader(f)
	lines.ReuseRecord = true // the texts of a line are new all the same
	header, err := lines.Read()
	if err != nil {
		return noSplitColumns(path)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	cell, part := slices.Index(header, "cell_id"), slices.Index(header, "split")
	if cell < 0 || part < 0 {
		return noSplitColumns(path)
	}
	for {
		line, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return pipeline.BadInput("%s: %w", path, err)
		}
		if err := do(line[cell], line[part]); err != nil {
			return err
		}
	}
}

func noSplitColumns(path string) error {
	return pipeline.BadInput("%s: no columns cell_id and split of text: give a CSV with such a first line, or a Parquet", path)
}
