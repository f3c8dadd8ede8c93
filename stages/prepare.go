package stages

import (
	"context"
	"errors"

	"cellvi/io/counts"
	"cellvi/io/store"
	"cellvi/pipeline"
)

// Prepare decides which cells and genes a model sees, codes the covariates and
// splits the cells. The counts stay as they are, in the store.
type Prepare struct {
	Layout
	StorePath string
	Options   PrepareOptions
	Shared    Shared
	// Reference, where set, is the trained model that the cells are a query for: its keys
	// are taken for those that Options leave open, and its genes.
	Reference *Reference
}

// Name is the subcommand.
func (s *Prepare) Name() string { return "prepare" }

// Store is the folder of counts.
func (s *Prepare) Store() string { return or(s.StorePath, s.Layout.Store()) }

// Plan reads the store and the files named by options, and writes the folder
// prepared.
func (s *Prepare) Plan() pipeline.Plan {
	args := struct {
		Shared
		PrepareOptions
		GenesFile bool       `json:"genes_file"` // which of the inputs after the store is which
		SplitFile bool       `json:"split_file"`
		Reference *Reference `json:"reference,omitempty"`
	}{s.Shared, s.Options, s.Options.Genes != "", s.Options.Split != "", s.Reference}
	return pipeline.Plan{
		Inputs:  given(given([]string{s.Store()}, s.Options.Genes, s.Options.Split), s.Reference.folders()...),
		Outputs: []string{s.Prepared()},
		Folders: map[string][]string{s.Prepared(): {"cells.parquet", "genes.parquet"}},
		Args:    args,
		Seed:    &s.Shared.Seed,
	}
}

// Run reads the store once, or twice where genes are selected by variance, and
// publishes the decisions.
func (s *Prepare) Run(ctx context.Context, job *pipeline.Job) (err error) {
	st, err := store.Open(s.Store())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	d := &decisions{stage: s, job: job, store: st}
	if s.Reference != nil {
		if err := d.refer(s); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context) error{d.code, d.measure, d.chooseGenes, d.split} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	d.say()
	return pipeline.PublishDir(s.Prepared(), d.writer(ctx))
}

// decisions is what prepare finds out and decides, step by step: some 30 bytes a
// cell, and 4 for each further covariate.
type decisions struct {
	stage *Prepare
	job   *pipeline.Job
	store *store.Store

	batch, labels, hvg *codes // of all cells of the store
	cats               []*codes
	conts              []*numeric
	factor             *numeric // nil: there is none

	rows   []int32   // the kept cells, ascending
	total  []float64 // of each kept cell, over all genes
	genesN []int32   // detected in each kept cell
	median float64   // of total, over the kept cells that have counts

	card  *modelCard // of the reference; nil: there is none
	genes genesTable
	part  []part // the split of each kept cell
}

// say tells the log what was decided.
func (d *decisions) say() {
	left := int64(d.store.Cells() - len(d.rows))
	d.job.Count("cells", int64(len(d.rows)))
	d.job.Count("cells_left_out_min_counts", left)
	if left > 0 {
		d.job.Warn("%s fewer than %v counts and %s left out (--min-counts)", plural(left, "cell has", "cells have"), d.stage.Options.MinCounts, isAre(left))
	}
	d.sayEmpty()
	d.job.Count("batch_levels", int64(len(d.batch.levels)))
	d.job.Count("label_levels", int64(len(d.labels.levels)))
	d.sayCodes("batch", d.batch)
	d.sayCodes("label", d.labels)
	d.sayCovariates()
	d.job.Note("median of %v counts a cell", d.median)
}

func (d *decisions) sayEmpty() {
	empty := int64(0)
	for _, t := range d.total {
		if t == 0 {
			empty++
		}
	}
	d.job.Count("cells_without_counts", empty)
	if empty > 0 {
		d.job.Warn("%s counts: kept with size factor 0, and not in the median (--min-counts 1 leaves them out)", plural(empty, "cell has no", "cells have no"))
	}
}

func (d *decisions) sayCodes(what string, c *codes) {
	if c.key == "" {
		return
	}
	sizes := c.sizes(d.rows)
	d.job.Note("%s %s, %s: %s", what, counts.Printable(c.key), plural(int64(len(c.levels)), "level", "levels"), c.describe(sizes))
	if small := smallLevels(c.levels, func(i int) int64 { return int64(sizes[i]) }); len(small) > 0 {
		d.job.Warn("%s %s: %s", what, counts.Printable(c.key), tooFew(small))
	}
}

// sayCovariates tells of those beside batch and label.
func (d *decisions) sayCovariates() {
	d.job.Count("categorical_covariates", int64(len(d.cats)))
	d.job.Count("continuous_covariates", int64(len(d.conts)))
	for _, c := range d.cats {
		d.sayCodes("covariate", c)
		if len(c.levels) == 1 {
			d.job.Warn("covariate %s has one level: a model learns nothing from it", counts.Printable(c.key))
		}
	}
	for _, n := range d.conts {
		least, most := n.extent(d.rows)
		d.job.Note("covariate %s: numbers from %v to %v", counts.Printable(n.key), least, most)
	}
	if n := d.factor; n != nil {
		least, most := n.extent(d.rows)
		d.job.Note("size factors %s: from %v to %v", counts.Printable(n.key), least, most)
	}
}
