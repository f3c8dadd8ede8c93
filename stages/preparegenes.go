package stages

import (
	"context"

	"cellvi/io/counts"
	"cellvi/model/hvg"
	"cellvi/pipeline"
)

// genesTable is what is known and decided of each gene of the store.
type genesTable struct {
	moments  *hvg.Moments
	selected []bool
	hvg      *hvg.Result // nil: genes were not selected by variance
}

// chooseGenes selects genes: those of the list, in enough cells, and of these
// the most variable.
func (d *decisions) chooseGenes(ctx context.Context) error {
	d.genes.selected = make([]bool, len(d.store.Genes().Names))
	for i := range d.genes.selected {
		d.genes.selected[i] = true
	}
	if err := d.takeList(); err != nil {
		return err
	}
	if err := d.takeFrequent(); err != nil {
		return err
	}
	if err := d.takeVariable(ctx); err != nil {
		return err
	}
	n := number(d.genes.selected)
	d.job.Count("genes", int64(len(d.genes.selected)))
	d.job.Count("genes_selected", n)
	d.job.Note("%d of %s selected", n, plural(int64(len(d.genes.selected)), "gene", "genes"))
	return d.checkSelected(n)
}

func number(yes []bool) (n int64) {
	for _, y := range yes {
		if y {
			n++
		}
	}
	return n
}

// takeList keeps the genes of --genes.
func (d *decisions) takeList() error {
	if d.card != nil {
		return d.takeReference()
	}
	path := d.stage.Options.Genes
	if path == "" {
		return nil
	}
	names, err := readList(path)
	if err != nil {
		return err
	}
	at := map[string]int{}
	for i, name := range d.store.Genes().Names {
		at[name] = i
	}
	listed := make([]bool, len(at))
	var unknown []string
	for _, name := range names {
		if i, ok := at[name]; ok {
			listed[i] = true
		} else {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return pipeline.BadInput("%s: %d of %d genes are not in the data, the first %s: name genes as the data does, such as %s",
			path, len(unknown), len(names), counts.Printable(unknown[0]), counts.Printable(d.store.Genes().Names[0]))
	}
	d.genes.selected = listed
	d.job.Count("genes_left_out_genes", int64(len(listed)-len(names)))
	return nil
}

// takeFrequent leaves out genes in too few of the kept cells.
func (d *decisions) takeFrequent() error {
	least := d.stage.Options.MinCells
	left := int64(0)
	for i, n := range d.genes.moments.Detected() {
		if n < least && d.genes.selected[i] {
			d.genes.selected[i] = false
			left++
		}
	}
	d.job.Count("genes_left_out_min_cells", left)
	if left == 0 {
		return nil
	}
	if number(d.genes.selected) == 0 {
		return pipeline.BadInput("%s: no gene is in %s (--min-cells): lower it", d.stage.Store(), plural(least, "cell", "cells"))
	}
	d.job.Warn("%s in fewer than %s and %s left out (--min-cells)", plural(left, "gene is", "genes are"), plural(least, "cell", "cells"), isAre(left))
	return nil
}

// takeVariable keeps the most variable genes, which takes a second pass.
func (d *decisions) takeVariable(ctx context.Context) error {
	top, before := d.stage.Options.NTopGenes, number(d.genes.selected)
	if top == 0 {
		return nil
	}
	if int64(top) > before {
		d.job.Warn("--n-top-genes asks for %d genes, there are %d: all are kept", top, before)
	}
	clipped, err := d.genes.moments.Fit(hvg.Options{Span: d.stage.Options.HVGSpan, Keep: d.genes.selected})
	if err != nil {
		return d.noFit(err)
	}
	kept := 0
	err = d.each(ctx, "measuring genes", func(cells *measured) {
		clipped.Add(cells.Indptr, cells.Genes, cells.Counts, d.batchOf(cells, &kept))
	})
	if err != nil {
		return err
	}
	d.genes.hvg = clipped.Select(top)
	d.genes.selected = d.genes.hvg.Selected
	d.job.Count("genes_left_out_n_top_genes", before-number(d.genes.selected))
	d.saySingular(clipped)
	d.sayTied()
	return nil
}

// batchOf is what weigh said of the batch's cells in the first pass. kept is how
// many kept cells stand in earlier batches.
func (d *decisions) batchOf(cells *measured, kept *int) []int32 {
	of := make([]int32, cells.Cells())
	for i := range of {
		of[i] = -1
		if row := cells.First + i; *kept < len(d.rows) && int(d.rows[*kept]) == row {
			of[i] = d.hvg.at(row)
			*kept++
		}
	}
	return of
}
