package stages

import (
	"context"
	"encoding/json"
	"path/filepath"

	"cellvi/io/results"
	"cellvi/io/store"
)

// writer writes the decisions into a folder.
func (d *decisions) writer(ctx context.Context) func(dir string) error {
	return func(dir string) error {
		if err := d.writeCells(ctx, filepath.Join(dir, "cells.parquet")); err != nil {
			return err
		}
		return d.writeGenes(filepath.Join(dir, "genes.parquet"))
	}
}

// cellsGroup is the cells of a row group of cells.parquet.
const cellsGroup = 1 << 16

// writeCells writes the kept cells, whose names are read from the store on the
// way: they are never all in memory.
func (d *decisions) writeCells(ctx context.Context, path string) (err error) {
	meta, err := json.Marshal(d.covariates())
	if err != nil {
		return err
	}
	w, err := results.Create(path, results.Schema{
		Index: "cell_id", Metadata: map[string]string{"cellvi": string(meta)}, Columns: d.cellFields(),
	})
	if err != nil {
		return err
	}
	defer func() {
		if closed := w.Close(); err == nil { // it repeats the error of a row group
			err = closed
		}
	}()
	names, at := make([]string, 0, min(cellsGroup, len(d.rows))), 0
	flush := func() error {
		cols := d.cellColumns(at, names)
		at, names = at+len(names), names[:0]
		return w.WriteRowGroup(cols)
	}
	err = d.eachName(ctx, func(name string) error {
		if names = append(names, name); len(names) < cellsGroup {
			return nil
		}
		return flush()
	})
	if err != nil || len(names) == 0 {
		return err
	}
	return flush()
}

// cellColumns are those of the kept cells from first on, one a name.
func (d *decisions) cellColumns(first int, names []string) []results.Column {
	last := first + len(names)
	rows, genes := make([]int64, len(names)), make([]int64, len(names))
	factors, parts := make([]float64, len(names)), make([]string, len(names))
	for i := range names {
		rows[i], genes[i] = int64(d.rows[first+i]), int64(d.genesN[first+i])
		factors[i] = d.total[first+i] / d.median // 0 for a cell without counts
		parts[i] = d.part[first+i].String()
	}
	columns := []results.Column{
		{Name: "cell_id", String: names},
		{Name: "row", Int64: rows},
		{Name: "library_size", Float64: d.total[first:last]},
		{Name: "n_genes", Int64: genes},
		{Name: "size_factor", Float64: factors},
		{Name: "batch", Int32: d.batch.keep(d.rows[first:last])},
		{Name: "label", Int32: d.labels.keep(d.rows[first:last])},
		{Name: "split", String: parts},
	}
	return append(columns, d.covariateColumns(d.rows[first:last])...)
}

// eachName calls do with the name of every kept cell, in order.
func (d *decisions) eachName(ctx context.Context, do func(name string) error) error {
	at := 0
	for i := range d.store.Batches() {
		if err := ctx.Err(); err != nil {
			return err
		}
		first, end := int32(i*store.BatchCells), int64(i+1)*store.BatchCells
		if at == len(d.rows) || int64(d.rows[at]) >= end {
			continue
		}
		names, err := d.store.Names(i)
		if err != nil {
			return err
		}
		for ; at < len(d.rows) && int64(d.rows[at]) < end; at++ {
			if err := do(names[d.rows[at]-first]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *decisions) writeGenes(path string) error {
	g := &d.genes
	mean, variance := g.moments.Pooled()
	columns := []results.Column{
		{Name: "gene_id", String: d.store.Genes().Names},
		{Name: "selected", Bool: g.selected},
		{Name: "n_cells", Int64: g.moments.Detected()},
		{Name: "mean", Float64: mean},
		{Name: "variance", Float64: variance},
	}
	if g.hvg != nil {
		columns = append(columns,
			results.Column{Name: "variances_norm", Float64: g.hvg.VariancesNorm},
			results.Column{Name: "highly_variable_rank", Float64: g.hvg.Rank})
	}
	if g.hvg != nil && d.hvg.key != "" {
		columns = append(columns, results.Column{Name: "highly_variable_nbatches", Int32: g.hvg.NBatches})
	}
	return results.Write(path, "gene_id", nil, columns...)
}
