package stages

import (
	"context"
	"errors"

	"cellvi/io/counts"
	"cellvi/io/results"
	"cellvi/model"
	"cellvi/model/de"
	"cellvi/pipeline"
)

// Run compares groups of kept cells and writes a block of rows a comparison.
func (s *DE) Run(ctx context.Context, job *pipeline.Job) error {
	f, err := openFitted(s.Store(), s.Prepared(), s.Model())
	if err != nil {
		return err
	}
	defer f.st.Close() // nothing was written to it
	wanted, err := s.wanted(f.card.Genes)
	if err != nil {
		return err
	}
	groups, err := readGroups(ctx, job, s.Store(), s.Options.GroupBy, f.st, f.p)
	if err != nil {
		return err
	}
	list, err := groups.comparisons(s.Options)
	if err != nil {
		return err
	}
	groups.say(job, list)
	c, err := s.comparer(ctx, job, f, groups, list)
	if err != nil {
		return err
	}
	job.Count("comparisons", int64(len(list)))
	job.Count("genes", int64(len(f.card.Genes)))
	return pipeline.PublishFile(s.DE(), func(tmp string) error {
		return s.write(ctx, job, c, list, f.card.Genes, wanted, tmp)
	})
}

// comparer makes what all comparisons share, within the budget.
func (s *DE) comparer(ctx context.Context, job *pipeline.Job, f *fitted, groups *grouping, list []comparison) (c *comparer, err error) {
	c = &comparer{options: s.Options, groups: groups, work: make([]de.Scratch, job.Threads)}
	if c.batches, err = s.Options.batches(job, f.card.BatchLevels, s.Model()); err != nil {
		return nil, err
	}
	width, err := s.width(job, f, groups, list)
	if err != nil {
		return nil, err
	}
	if s.Options.AllStats || s.Options.estimatesPseudocounts() {
		if c.raw, err = readRaw(ctx, job, f, groups, list); err != nil {
			return nil, err
		}
	}
	c.draws = drawBlocks{job: job, e: model.NewEvaluator(f.vae, job.Threads), source: f.source(), genes: len(f.card.Genes), width: width}
	return c, nil
}

// What is in memory beside the draws, in bytes: of a kept cell, its group and its
// place among both groups' cells; of a gene, its effect, and twice its row.
const (
	deCellBytes = 4 + 4 + 4
	deGeneBytes = 160 + 2*(25*8+80)
)

// A block of draws has this many genes at least, and there are this many blocks at
// most: each decodes all draws again.
const (
	leastBlock    = 64
	mostDecodings = 16
)

// width is how many genes' draws are in memory together: three quarters of what the
// budget leaves. It changes no result; a budget that leaves too few is refused.
func (s *DE) width(job *pipeline.Job, f *fitted, groups *grouping, list []comparison) (int, error) {
	genes, pair := int64(len(f.card.Genes)), int64(2*4*s.Options.NSamples)
	beside := genes*(deGeneBytes+rawBytes*int64(len(namedGroups(list))+1)+6*8) + int64(len(groups.of))*deCellBytes +
		int64(s.Options.NSamples)*int64(80*job.Threads+8*4)
	beside += model.GenerateBytes(f.vae.Config, job.Threads)
	least := min(genes, max(leastBlock, (genes+mostDecodings-1)/mostDecodings))
	if err := f.fits(job, beside+least*pair); err != nil {
		return 0, err
	}
	if job.Memory <= 0 {
		return int(genes), nil
	}
	room := job.Memory - programBytes - garbageBytes - model.EvalBytes(f.vae.Config, job.Threads) -
		int64(len(f.p.Row))*(codeBytes+covariateBytes(f.vae.Config)) - beside
	return int(min(genes, max(least, room/4*3/pair))), nil
}

// wanted marks the model's genes that are written.
func (s *DE) wanted(all []string) ([]bool, error) {
	positions, err := genesIn(s.Options.Genes, all)
	wanted := make([]bool, len(all))
	for _, i := range positions {
		wanted[i] = true
	}
	return wanted, err
}

// write streams the comparisons, a row group each.
func (s *DE) write(ctx context.Context, job *pipeline.Job, c *comparer, list []comparison, genes []string, wanted []bool, path string) error {
	w, err := results.Create(path, deSchema(s.Options))
	if err != nil {
		return err
	}
	draws := 2 * c.batches.pairs(s.Options.NSamples) * c.decodings()
	job.Progress.Begin("comparing", "draws", int64(draws)*int64(len(list)))
	defer job.Progress.End()
	for _, of := range list {
		r, err := c.compare(ctx, of)
		if err != nil {
			return errors.Join(err, w.Close())
		}
		columns, found := r.columns(s.Options, genes, wanted)
		s.say(job, r, found)
		if err := w.WriteRowGroup(columns); err != nil {
			break // Close returns it
		}
	}
	return w.Close()
}

// say tells of one comparison.
func (s *DE) say(job *pipeline.Job, r *compared, found int) {
	what := counts.Printable(r.text())
	cells := plural(int64(r.cells1), "cell", "cells") + " against " + counts.Thousands(int64(r.cells2))
	if !s.Options.change() {
		job.Note("%s: %s", what, cells)
		return
	}
	job.Note("%s: %s; delta %.3g, pseudocounts %.3g: %s at an expected FDR of %v", what, cells, r.delta, r.pseudocounts,
		plural(int64(found), "gene", "genes"), s.Options.FDRTarget)
}
