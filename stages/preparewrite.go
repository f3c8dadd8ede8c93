package stages

import (
	"encoding/json"
	"path/filepath"

	"cellvi/io/results"
)

// write writes the decisions into dir.
func (d *decisions) write(dir string) error {
	if err := d.writeCells(filepath.Join(dir, "cells.parquet")); err != nil {
		return err
	}
	return d.writeGenes(filepath.Join(dir, "genes.parquet"))
}

func (d *decisions) writeCells(path string) error {
	meta, err := json.Marshal(covariates{
		BatchKey: d.batch.key, BatchLevels: d.batch.levels,
		LabelsKey: d.labels.key, LabelLevels: d.labels.levels,
	})
	if err != nil {
		return err
	}
	names := make([]string, len(d.rows))
	for i, row := range d.rows {
		names[i] = d.names[row]
	}
	return results.Write(path, "cell_id", map[string]string{"cellvi": string(meta)},
		results.Column{Name: "cell_id", String: names},
		results.Column{Name: "row", Int64: d.rows},
		results.Column{Name: "library_size", Float64: d.total},
		results.Column{Name: "n_genes", Int64: d.genesN},
		results.Column{Name: "size_factor", Float64: d.sizeFactors()},
		results.Column{Name: "batch", Int32: d.batch.keep(d.rows)},
		results.Column{Name: "label", Int32: d.labels.keep(d.rows)},
		results.Column{Name: "split", String: d.part})
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
