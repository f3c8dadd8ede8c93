package stages

import (
	"cellvi/io/counts"
	"cellvi/pipeline"
)

// The least that a model can be trained on: batch normalization needs several
// cells in a minibatch, and one gene's share of a cell's counts is always 1.
const (
	leastCells = 3
	leastGenes = 2
)

// tooSmall refuses a table that no options make enough to train on.
func tooSmall(file string, cells, genes int64) error {
	if cells >= leastCells && genes >= leastGenes {
		return nil
	}
	return &counts.InputError{File: file, Found: "it has " + size(cells, genes) + ", too few to train on",
		Advice: "at least 3 cells and 2 genes are needed"}
}

// leastCells is the least number of cells: one where nothing is to be trained.
func (d *decisions) leastCells() int {
	if d.stage.Reference.unfitted() {
		return 1
	}
	return leastCells
}

// noCounts refuses a table of zeros.
func noCounts(file string, cells int64) error {
	return &counts.InputError{File: file, Found: "none of its " + plural(cells, "cell", "cells") + " has any counts",
		Advice: "check that it is the right matrix (--layer)"}
}

// checkKept refuses where --min-counts leaves too few cells, or cells without
// counts.
func (d *decisions) checkKept() error {
	file, least := d.stage.Store(), d.stage.Options.MinCounts
	switch {
	case len(d.rows) < d.leastCells() && len(d.rows) < d.store.Cells():
		return pipeline.BadInput("%s: --min-counts %v keeps %d of %d cells, at least %d are needed to train on: lower it",
			file, least, len(d.rows), d.store.Cells(), d.leastCells())
	case d.median == 0:
		return noCounts(file, int64(len(d.rows)))
	}
	return nil
}

// checkSelected refuses where the options leave too few genes.
func (d *decisions) checkSelected(selected int64) error {
	if selected >= leastGenes {
		return nil
	}
	return pipeline.BadInput("%s: %s selected of %d, at least %d are needed to train on: choose more (--genes, --min-cells, --n-top-genes)",
		d.stage.Store(), plural(selected, "gene is", "genes are"), len(d.genes.selected), leastGenes)
}

// checkTrained refuses a split that leaves too few cells to train on.
func (d *decisions) checkTrained(train int64) error {
	if train >= int64(d.leastCells()) {
		return nil
	}
	o, file, advice := d.stage.Options, d.stage.Store(), "another --batch-size keeps more"
	switch {
	case o.Split != "":
		file, advice = o.Split, "name more cells train"
	case o.TrainSize != nil:
		advice = "give a larger --train-size"
	}
	return pipeline.BadInput("%s: %d of %d cells %s to train on, at least %d are needed: %s",
		file, train, len(d.rows), isAre(train), leastCells, advice)
}
