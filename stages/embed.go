package stages

import (
	"context"
	"errors"
	"fmt"

	"cellvi/io/results"
	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

// groupCells is the cells of a row group: a few megabytes of latent.
const groupCells = 64 * 1024

// Run writes the posterior mean of every kept cell, or of a part's, in the store's order,
// and a copy of the input that has them, where it is asked for. What is in that copy's way is found
// before.
func (s *Embed) Run(ctx context.Context, job *pipeline.Job) error {
	f, err := openFitted(s.Store(), s.Prepared(), s.Model())
	if err != nil {
		return err
	}
	defer f.st.Close() // nothing was written to it
	own, err := s.Part.portion(ctx, f, whole(s.rowGroups, f.p, f.p.groups, s.groupCells(f.vae.Config)), s.Prepared(), s.Model())
	if err != nil {
		return err
	}
	if err := f.fits(job, s.bytes(job, f.vae.Config, own.cells())); err != nil {
		return err
	}
	if own.key != nil && s.Options.refines() {
		own.key.Refine = s.refineKey()
	}
	own.tell(job)
	var h5 *h5adCopy
	if s.Options.WriteH5AD != "" {
		if h5, err = s.planH5AD(ctx, job, f); err != nil {
			return err
		}
	}
	if s.Options.refines() {
		err = s.refine(ctx, job, f, own)
	} else {
		err = pipeline.PublishFile(s.Latent(), func(tmp string) error { return s.write(ctx, job, f, own, tmp) })
		if err == nil {
			err = s.dropRefined(job)
		}
	}
	if err != nil || h5 == nil {
		return err
	}
	return h5.publish(ctx)
}

// groupCells is the cells of a row group.
func (s *Embed) groupCells(cfg model.Config) int {
	if s.Options.refines() {
		return refinedShapeOf(cfg, s.Options.RefineAssess).groupCells()
	}
	return groupCells
}

// bytes is what embedding so many cells takes beside the evaluation.
func (s *Embed) bytes(job *pipeline.Job, cfg model.Config, cells int) int64 {
	if s.Options.refines() {
		return refinedShapeOf(cfg, s.Options.RefineAssess).bytes(cells, job.Threads)
	}
	return embedBytes(cells, cfg.NLatent)
}

// embedBytes is two row groups of so many cells' mean and variance, or as much as there
// is, each as rows and as columns, and names.
func embedBytes(cells, latent int) int64 {
	return int64(min(cells, 2*(groupCells+store.BatchCells))) * (int64(latent)*16 + nameBytes)
}

// latents are those of a row group: kept cells from … to−1.
type latents struct {
	from, to       int
	mean, variance []float32 // (cells, L) row-major
}

// write streams the latent, a row group at a time: while one is written the
// next is computed.
func (s *Embed) write(ctx context.Context, job *pipeline.Job, f *fitted, own *portion, path string) error {
	w, err := own.create(path, results.Schema{Index: "cell_id", Columns: s.fields(f.vae.NLatent)})
	if err != nil {
		return err
	}
	job.Progress.Begin("embedding", "cells", int64(own.cells()))
	defer job.Progress.End()
	e, source := model.NewEvaluator(f.vae, job.Threads), f.source()
	err = overlap(own.groups,
		func(g *latents, from, to int) error { return s.embed(ctx, job, e, source, g, from, to) },
		func(g *latents) error {
			ids, err := source.names(g.from, g.to)
			if err != nil {
				return err
			}
			return w.WriteRowGroup(s.columns(ids, g, f.vae.NLatent))
		})
	return errors.Join(err, w.Close())
}

// embed computes a row group.
func (s *Embed) embed(ctx context.Context, job *pipeline.Job, e *model.Evaluator, source *cellSource, g *latents, from, to int) error {
	l := e.NLatent()
	g.from, g.to = from, to
	g.mean = resized(g.mean, (to-from)*l)
	if s.Options.LatentVar {
		g.variance = resized(g.variance, (to-from)*l)
	}
	for at := from; at < to; at += shownCells {
		end := min(at+shownCells, to)
		var variance []float32
		if s.Options.LatentVar {
			variance = g.variance[(at-from)*l : (end-from)*l]
		}
		if err := e.Posterior(ctx, source, span(at, end), g.mean[(at-from)*l:(end-from)*l], variance); err != nil {
			return err
		}
		job.Progress.Add(int64(end - at))
	}
	return nil
}

func (s *Embed) fields(l int) []results.Field {
	fields := []results.Field{{Name: "cell_id", Type: results.String}}
	for _, stem := range s.stems() {
		for k := range l {
			fields = append(fields, results.Field{Name: fmt.Sprintf("%s_%d", stem, k), Type: results.Float32})
		}
	}
	return fields
}

// stems name the blocks of columns.
func (s *Embed) stems() []string {
	if s.Options.LatentVar {
		return []string{"latent", "latent_var"}
	}
	return []string{"latent"}
}

// columns turns row-major (cells, l) numbers into the row group's columns.
func (s *Embed) columns(ids []string, g *latents, l int) []results.Column {
	cols := []results.Column{{Name: "cell_id", String: ids}}
	for i, stem := range s.stems() {
		values := [][]float32{g.mean, g.variance}[i]
		for k := range l {
			c := make([]float32, len(ids))
			for r := range c {
				c[r] = values[r*l+k]
			}
			cols = append(cols, results.Column{Name: fmt.Sprintf("%s_%d", stem, k), Float32: c})
		}
	}
	return cols
}
