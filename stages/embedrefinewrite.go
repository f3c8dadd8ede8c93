package stages

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"cellvi/io/results"
	"cellvi/pipeline"
)

// refinedGroup is a row group: kept cells from … to−1.
type refinedGroup struct {
	from, to int
	values   []float32 // (cells, width)
}

// write streams both files, a row group at a time: while one is written the next is
// computed.
func (r *refining) write(latent, refined string) error {
	w, err := r.own.create(latent, results.Schema{Index: "cell_id", Columns: r.fields(r.shape.latent)})
	if err != nil {
		return err
	}
	x, err := r.own.create(refined, results.Schema{Index: "cell_id", Columns: r.refinedFields(), Metadata: map[string]string{refinedEntry: r.refineKey()}})
	if err != nil {
		return errors.Join(err, w.Close())
	}
	r.job.Progress.Begin("refining", "cells", int64(r.own.cells()))
	defer r.job.Progress.End()
	err = overlap(r.own.groups,
		func(g *refinedGroup, from, to int) error {
			g.from, g.to, g.values = from, to, resized(g.values, (to-from)*r.shape.width())
			return r.work.fill(span(from, to), g.values)
		},
		func(g *refinedGroup) error {
			ids, err := r.source.names(g.from, g.to)
			if err != nil {
				return err
			}
			r.count(g)
			return errors.Join(w.WriteRowGroup(r.latentColumns(ids, g)), x.WriteRowGroup(r.refinedColumns(ids, g)))
		})
	return cmp.Or(err, w.Close(), x.Close()) // one says it: a full disk fails all three
}

// count sums up a row group, in the cells' order.
func (r *refining) count(g *refinedGroup) {
	settled, before, after := r.shape.place("converged"), r.shape.place("elbo_before"), r.shape.place("elbo_after")
	for at := 0; at < len(g.values); at += r.shape.width() {
		v := g.values[at : at+r.shape.width()]
		if v[settled] == 0 {
			r.unsettled++
		}
		if before >= 0 {
			r.before += float64(v[before])
			r.after += float64(v[after])
		}
	}
}

// tell says what came of it.
func (r *refining) tell() {
	n := r.own.cells()
	r.job.Count("cells_not_converged", r.unsettled)
	if r.unsettled > 0 {
		r.job.Warn("%s", unsettled(r.unsettled, int64(n), r.fit))
	}
	if n > 0 && r.Options.RefineAssess > 0 {
		r.job.Note("ELBO per cell %.2f, of the encoder's posterior %.2f", r.after/float64(n), r.before/float64(n))
	}
}

// refinedFields are refined.parquet's columns.
func (r *refining) refinedFields() []results.Field {
	fields := []results.Field{{Name: "cell_id", Type: results.String}}
	for _, name := range r.shape.columns {
		fields = append(fields, results.Field{Name: name, Type: results.Float32})
	}
	return fields
}

// refinedColumns are those of a row group.
func (r *refining) refinedColumns(ids []string, g *refinedGroup) []results.Column {
	cols := []results.Column{{Name: "cell_id", String: ids}}
	for k, name := range r.shape.columns {
		cols = append(cols, results.Column{Name: name, Float32: g.column(r.shape.latent+k, r.shape.width())})
	}
	return cols
}

// latentColumns are latent.parquet's of a row group.
func (r *refining) latentColumns(ids []string, g *refinedGroup) []results.Column {
	cols := []results.Column{{Name: "cell_id", String: ids}}
	for i, stem := range r.stems() {
		for k := range r.shape.latent {
			at := k
			if i == 1 {
				at = r.shape.covariance(k, k)
			}
			cols = append(cols, results.Column{Name: fmt.Sprintf("%s_%d", stem, k), Float32: g.column(at, r.shape.width())})
		}
	}
	return cols
}

// column copies number at of each cell.
func (g *refinedGroup) column(at, width int) []float32 {
	c := make([]float32, g.to-g.from)
	for i := range c {
		c[i] = g.values[i*width+at]
	}
	return c
}

// dropRefined removes the refined.parquet of an embedding that was replaced by one that
// is not refined: it would pass for its covariances.
func (s *Embed) dropRefined(job *pipeline.Job) error {
	if !exists(s.Refined()) {
		return nil
	}
	r, err := results.Open(s.Refined())
	if err != nil {
		return nil //nolint:nilerr // what cannot be read is none of ours
	}
	_, ours := r.Metadata[refinedEntry]
	if err := r.Close(); err != nil || !ours {
		return err
	}
	job.Note("%s is of a refined embedding, and removed", s.Refined())
	return os.Remove(s.Refined())
}
