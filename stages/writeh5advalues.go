package stages

import (
	"context"
	"fmt"
	"path/filepath"

	"cellvi/io/counts"
	"cellvi/io/h5ad"
	"cellvi/io/results"
	"cellvi/pipeline"
)

// feedLatent sends latent.parquet, a row group at a time.
func (c *h5adCopy) feedLatent(ctx context.Context, to *feeder) error {
	l := c.f.vae.NLatent
	names := make([]string, l)
	for k := range names {
		names[k] = fmt.Sprintf("latent_%d", k)
	}
	var rows []float32
	return c.eachGroup(ctx, c.stage.Latent(), names, func(t *results.Table, lo, hi int) error {
		rows = resized(rows, (hi-lo)*l)
		for k, name := range names {
			col := t.Column(name)
			if col == nil || col.Float32 == nil {
				return pipeline.BadInput("%s: has no column %s of float32", c.stage.Latent(), name)
			}
			for i, v := range col.Float32[lo:hi] {
				rows[i*l+k] = v
			}
		}
		return to.send(0, rows)
	})
}

// eachGroup calls do with every row group of a Parquet of the kept cells that has some
// of the file's: those from lo to hi−1.
func (c *h5adCopy) eachGroup(ctx context.Context, path string, columns []string, do func(t *results.Table, lo, hi int) error) error {
	r, err := results.Open(path)
	if err != nil {
		return err
	}
	defer r.Close() // only read from
	if r.Rows() != int64(len(c.f.p.Row)) {
		return pipeline.BadInput("%s: has %d cells where %d are expected: run its stage again", path, r.Rows(), len(c.f.p.Row))
	}
	from, to := c.keptCells()
	at := 0
	for g := range r.RowGroups() {
		n := int(r.GroupRows(g))
		lo, hi := min(max(from-at, 0), n), max(min(to-at, n), 0)
		at += n
		if lo >= hi {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		t, err := r.Read(g, columns...)
		if err != nil {
			return err
		}
		if err := do(t, lo, hi); err != nil {
			return err
		}
	}
	return nil
}

// The columns of obs, in the order of obsAdditions.
const (
	obsKept    = "cellvi_kept"
	obsSplit   = "cellvi_split"
	obsLibrary = "cellvi_library_size"
	obsBatch   = "cellvi_batch"
	obsLabel   = "cellvi_label"
)

// obsAdditions are the columns of obs: which cells the model has, and what of them it
// saw. Batch and label are there where there is an annotation for them.
func obsAdditions(covs covariates) []h5ad.Addition {
	list := []h5ad.Addition{
		{Group: "obs", Name: obsKept, Cols: 1, Kind: counts.Bool},
		{Group: "obs", Name: obsSplit, Cols: 1, Kind: counts.Categorical, Levels: []string{partTrain, partValidation, partTest}},
		{Group: "obs", Name: obsLibrary, Cols: 1, Kind: counts.Float},
	}
	if covs.BatchKey != "" {
		list = append(list, h5ad.Addition{Group: "obs", Name: obsBatch, Cols: 1, Kind: counts.Categorical, Levels: covs.BatchLevels})
	}
	if covs.LabelsKey != "" {
		list = append(list, h5ad.Addition{Group: "obs", Name: obsLabel, Cols: 1, Kind: counts.Categorical, Levels: covs.LabelLevels})
	}
	return list
}

// feedObs sends the columns of obs, from what prepare wrote.
func (c *h5adCopy) feedObs(ctx context.Context, to *feeder) error {
	if !c.stage.Options.WriteObs {
		return nil
	}
	path := filepath.Join(c.stage.Prepared(), "cells.parquet")
	return c.eachGroup(ctx, path, []string{"split", "library_size", "batch", "label"}, func(t *results.Table, lo, hi int) error {
		cells := &columns{path: path, table: t}
		for i, x := range c.add.List {
			if x.Group != "obs" {
				continue
			}
			values := obsValues(cells, x.Name, lo, hi)
			if cells.err != nil {
				return cells.err
			}
			if err := to.send(i, values); err != nil {
				return err
			}
		}
		return nil
	})
}

// obsValues are those of rows lo to hi−1 for a column of obs, in its type.
func obsValues(cells *columns, name string, lo, hi int) any {
	switch name {
	case obsKept:
		return ones(hi - lo)
	case obsSplit:
		return splitCodes(cells.strings("split"), lo, hi)
	case obsLibrary:
		return sliced(taken(cells, "library_size", "float64", cells.find("library_size").Float64), lo, hi)
	case obsBatch:
		return sliced(cells.int32s("batch"), lo, hi)
	case obsLabel:
		return sliced(cells.int32s("label"), lo, hi)
	}
	return nil
}

// sliced is rows lo to hi−1; none of a column that is missing, which is an error.
func sliced[T any](values []T, lo, hi int) []T {
	if len(values) < hi {
		return nil
	}
	return values[lo:hi]
}

func ones(n int) []int8 {
	out := make([]int8, n)
	for i := range out {
		out[i] = 1
	}
	return out
}

// splitCodes are codes into the levels of obsAdditions.
func splitCodes(parts []string, lo, hi int) []int32 {
	code := map[string]int32{partTrain: 0, partValidation: 1, partTest: 2}
	out := make([]int32, 0, hi-lo)
	for _, p := range sliced(parts, lo, hi) {
		out = append(out, code[p])
	}
	return out
}
