package stages

import (
	"context"
	"slices"

	"cellvi/io/store"
	"cellvi/model/hvg"
	"cellvi/pipeline"
)

// measure is the first pass: library sizes and genes detected of each cell,
// which cells are kept, and the genes' moments over those.
func (d *decisions) measure(ctx context.Context) error {
	genes, levels := len(d.store.Genes().Names), len(d.hvg.levels)
	if err := d.fits(genes, levels); err != nil {
		return err
	}
	moments := hvg.NewMoments(genes, levels, d.job.Threads)
	err := d.each(ctx, "measuring cells", func(rows *store.Rows) {
		moments.Add(rows.Indptr, rows.Genes, rows.Counts, d.weigh(rows))
	})
	if err != nil {
		return err
	}
	d.genes.moments = moments
	d.median = medianPositive(d.total)
	return d.checkKept()
}

// fits says before it happens that the moments do not fit the budget.
func (d *decisions) fits(genes, levels int) error {
	const bytesPerGene = 16 + 40 // of hvg.Moments and hvg.Clipped, a batch
	need := int64(genes)*int64(levels)*bytesPerGene + int64(len(d.names))*32
	if d.job.Memory > 0 && need > d.job.Memory {
		return pipeline.OverMemory("prepare needs %s for %d genes in %d batches and %d cells, --memory allows %s: raise it, or choose an --hvg-batch-key with fewer levels",
			human(need), genes, levels, len(d.names), human(d.job.Memory))
	}
	return nil
}

// each calls do for every batch of the store.
func (d *decisions) each(ctx context.Context, what string, do func(*store.Rows)) error {
	d.job.Progress.Begin(what, "cells", int64(d.store.Cells()))
	defer d.job.Progress.End()
	var rows store.Rows
	for i := range d.store.Batches() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := d.store.Read(i, &rows); err != nil {
			return err
		}
		do(&rows)
		d.job.Progress.Add(int64(rows.Cells()))
	}
	return nil
}

// weigh measures a batch's cells and gives the kept ones' codes for the gene
// selection, -1 for the others.
func (d *decisions) weigh(rows *store.Rows) []int32 {
	of := make([]int32, rows.Cells())
	for i := range of {
		values := rows.Counts[rows.Indptr[i]:rows.Indptr[i+1]]
		total := 0.0
		for _, v := range values {
			total += float64(v)
		}
		if total < d.stage.Options.MinCounts {
			of[i] = -1
			continue
		}
		of[i] = d.hvg.of[rows.First+i]
		d.rows = append(d.rows, int64(rows.First+i))
		d.total = append(d.total, total)
		d.genesN = append(d.genesN, int64(len(values)))
	}
	return of
}

// medianPositive is the median of the values above zero, 0 where there are none.
func medianPositive(values []float64) float64 {
	var positive []float64
	for _, v := range values {
		if v > 0 {
			positive = append(positive, v)
		}
	}
	if len(positive) == 0 {
		return 0
	}
	slices.Sort(positive)
	n := len(positive)
	return (positive[(n-1)/2] + positive[n/2]) / 2
}
