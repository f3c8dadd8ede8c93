package stages

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/results"
	"cellvi/model"
	"cellvi/pipeline"
)

// Run ranks the genes of groups of kept cells and writes a block of rows a group.
func (s *RankGenes) Run(ctx context.Context, job *pipeline.Job) error {
	f, err := openFitted(s.Store(), s.Prepared(), s.Model())
	if err != nil {
		return err
	}
	defer f.st.Close() // nothing was written to it
	r, err := s.begin(ctx, job, f)
	if err != nil {
		return err
	}
	if err := r.measure(ctx, job, f); err != nil {
		return err
	}
	if r.raw, err = readRaw(ctx, job, f, r.groups, r.list); err != nil {
		return err
	}
	r.unmatched(job)
	job.Count("groups", int64(len(r.list)))
	job.Count("cells", int64(len(r.strata.rows)))
	job.Count("genes", int64(len(f.card.Genes)))
	return s.publish(ctx, job, r, f.card.Genes)
}

// begin finds the groups and what they are compared with, and refuses what does not fit
// the budget.
func (s *RankGenes) begin(ctx context.Context, job *pipeline.Job, f *fitted) (r *ranker, err error) {
	r = &ranker{options: s.Options}
	if r.batches, err = (PosteriorOptions{Batches: s.Options.Batches}).batchesOf(f.card.BatchLevels, s.Model()); err != nil {
		return nil, err
	}
	if r.groups, err = s.group(ctx, job, f); err != nil {
		return nil, err
	}
	comparing := DEOptions{Group1: s.Options.Group1, Group2: s.Options.Group2}
	if s.Options.Cells != "" {
		comparing.Group1 = r.groups.levels[:1]
	}
	if r.list, err = r.groups.comparisons(comparing); err != nil {
		return nil, err
	}
	r.groups.say(job, r.list)
	r.strata = newStrata(r.groups, r.list, f.p.Batch, max(1, f.vae.NBatch))
	return r, r.fits(job, f)
}

// group is the cells' groups: of the annotation, or those of the list and all others.
func (s *RankGenes) group(ctx context.Context, job *pipeline.Job, f *fitted) (*grouping, error) {
	if s.Options.Cells == "" {
		return readGroups(ctx, job, s.Store(), s.Options.GroupBy, f.st, f.p)
	}
	rows, err := namedRows(ctx, f, s.Options.Cells)
	if err != nil {
		return nil, err
	}
	if len(rows) == len(f.p.Row) {
		return nil, pipeline.BadInput("%s: it names all %d cells: leave some out to compare with", s.Options.Cells, len(rows))
	}
	file := filepath.Base(s.Options.Cells)
	g := &grouping{file: s.Options.Cells, key: "cells", levels: []string{strings.TrimSuffix(file, filepath.Ext(file)), "other cells"},
		of: make([]int32, len(f.p.Row)), sizes: []int{len(rows), len(f.p.Row) - len(rows)}}
	for i := range g.of {
		g.of[i] = 1
	}
	for _, row := range rows {
		g.of[row] = 0
	}
	return g, nil
}

// fits refuses what does not fit the budget.
func (r *ranker) fits(job *pipeline.Job, f *fitted) error {
	return evaluationFits(job, f.vae.Config, len(f.p.Row), r.bytes(job, f), "raise it, name fewer groups with --group1, or use fewer --threads")
}

// bytes is what ranking takes beside the evaluation.
func (r *ranker) bytes(job *pipeline.Job, f *fitted) int64 {
	g, l := int64(len(f.card.Genes)), int64(f.vae.NLatent)
	return r.strata.bytes(f.vae.Config) + model.RespondBytes(f.vae.Config, job.Threads) + model.GenerateBytes(f.vae.Config, job.Threads) +
		int64(len(r.groups.of))*(4+4) + momentCells*int64(r.options.NSamples)*l*4 + // cells
		g*(rawBytes*int64(len(r.strata.slots)+1)+8*(2*l+40)) + int64(r.options.Top)*int64(r.options.Neighbours)*80 // what a group's tables take
}

// unmatched warns of groups that no batch holds together with their reference.
func (r *ranker) unmatched(job *pipeline.Job) {
	var names []string
	for i, d := range r.directions {
		if d.unmatched {
			names = append(names, counts.Printable(r.list[i].text()))
		}
	}
	if len(names) > 0 {
		job.Warn("%s: no batch holds cells of both: what is found may be differences between batches", some(names, 10))
	}
}

// publish writes the three tables, the ranking last.
func (s *RankGenes) publish(ctx context.Context, job *pipeline.Job, r *ranker, genes []string) error {
	return pipeline.PublishFile(s.RankedGenes(), func(ranks string) error {
		return pipeline.PublishFile(s.RankedNeighbours(), func(near string) error {
			return pipeline.PublishFile(s.RankedGroups(), func(groups string) error {
				return r.write(ctx, job, genes, ranks, near, groups)
			})
		})
	})
}

// write streams the groups, a row group each.
func (r *ranker) write(ctx context.Context, job *pipeline.Job, genes []string, ranks, near, groups string) error {
	w, err := results.Create(ranks, rankSchema())
	if err != nil {
		return err
	}
	n, err := results.Create(near, neighbourSchema())
	if err != nil {
		return errors.Join(err, w.Close())
	}
	var table rankedGroups
	err = func() error {
		for c := range r.list {
			if err := ctx.Err(); err != nil {
				return err
			}
			x := r.score(c)
			table.add(x)
			r.say(job, x)
			if err := errors.Join(w.WriteRowGroup(x.rankColumns(genes)), n.WriteRowGroup(x.neighbourColumns(r.neighbours(x, c), genes))); err != nil {
				return err
			}
		}
		return nil
	}()
	if err = errors.Join(err, w.Close(), n.Close()); err != nil {
		return err
	}
	return results.Write(groups, "group", nil, table.columns()...)
}

// say tells of one group.
func (r *ranker) say(job *pipeline.Job, x *rankedGroup) {
	job.Note("%s: %s against %s; %s by %.3g or more; responses correlate with the groups' difference by %.2f",
		counts.Printable(x.text()), plural(int64(x.n1), "cell", "cells"), counts.Thousands(int64(x.n2)),
		plural(int64(x.found()), "gene responds", "genes respond"), r.options.Delta, x.fits)
}
