package stages

import (
	"context"
	"errors"
	"fmt"

	"cellvi/io/results"
	"cellvi/io/store"
	"cellvi/model"
)

// cellTable is a file of numbers of each cell, a row each, or a row each draw.
type cellTable struct {
	*drawing
	e      *model.Evaluator
	of     model.Generation
	fields []results.Field // after cell_id and, of draws, sample
	each   bool            // a row each draw
	// put writes the numbers of a draw of cell i of x to row at of columns.
	put func(x *model.Generated, i int, columns []results.Column, at int)
	// seen, where it is not nil, is shown the columns of each row group before they are
	// written.
	seen func(columns []results.Column)
}

// rowsOf is the rows of a cell.
func (t *cellTable) rowsOf() int {
	if t.each {
		return max(1, t.draws)
	}
	return 1
}

// tableGroup is a row group: cells from … to−1 of rows.
type tableGroup struct {
	from, to int
	columns  []results.Column
}

// cellsOf is the cells of a row group, about groupCells rows.
func (t *cellTable) cellsOf() int { return max(store.BatchCells/4, groupCells/t.rowsOf()) }

// plan refuses what does not fit.
func (t *cellTable) plan() error {
	row := int64(8*len(t.fields) + 2*nameBytes)
	return t.fits(2*int64(t.cellsOf()+store.BatchCells)*int64(t.rowsOf())*row, "draw fewer --n-samples")
}

// write makes the file.
func (t *cellTable) write(ctx context.Context, path, what string) error {
	if err := t.plan(); err != nil {
		return err
	}
	schema := results.Schema{Index: "cell_id", Columns: []results.Field{{Name: "cell_id", Type: results.String}}}
	if t.each {
		schema.Columns = append(schema.Columns, results.Field{Name: "sample", Type: results.Int32})
	}
	schema.Columns = append(schema.Columns, t.fields...)
	w, err := results.Create(path, schema)
	if err != nil {
		return err
	}
	t.job.Progress.Begin(what, "cells", int64(len(t.rows)))
	defer t.job.Progress.End()
	err = overlap(t.groups(t.cellsOf()),
		func(g *tableGroup, from, to int) error { return t.compute(ctx, g, schema.Columns, from, to) },
		func(g *tableGroup) error {
			ids, err := t.names(g.from, g.to)
			if err != nil {
				return err
			}
			t.head(g, ids)
			if t.seen != nil {
				t.seen(g.columns[len(g.columns)-len(t.fields):])
			}
			return w.WriteRowGroup(g.columns)
		})
	return errors.Join(err, w.Close())
}

// head writes the names, and the numbers of draws.
func (t *cellTable) head(g *tableGroup, ids []string) {
	if !t.each {
		g.columns[0].String = ids
		return
	}
	n := t.rowsOf()
	names, sample := make([]string, len(ids)*n), make([]int32, len(ids)*n)
	for i := range names {
		names[i], sample[i] = ids[i/n], int32(i%n)
	}
	g.columns[0].String, g.columns[1].Int32 = names, sample
}

// compute fills g.
func (t *cellTable) compute(ctx context.Context, g *tableGroup, fields []results.Field, from, to int) error {
	g.from, g.to = from, to
	n := t.rowsOf()
	if g.columns == nil {
		g.columns = make([]results.Column, len(fields))
	}
	for k, f := range fields {
		c := &g.columns[k]
		c.Name = f.Name
		switch f.Type {
		case results.Float32:
			c.Float32 = resized(c.Float32, (to-from)*n)
		case results.Float64:
			c.Float64 = resized(c.Float64, (to-from)*n)
			clear(c.Float64)
		}
	}
	numbers := g.columns[len(fields)-len(t.fields):]
	return t.generate(ctx, t.e, t.of, from, to, func(first int, x *model.Generated) error {
		for i := range x.N {
			at := first + i
			if t.each {
				at = at*n + x.Sample
			}
			t.put(x, i, numbers, at)
		}
		return nil
	})
}

// newCellTable is a table of one row a cell.
func (d *drawing) newCellTable(fields ...results.Field) *cellTable {
	return &cellTable{drawing: d, e: model.NewEvaluator(d.vae, d.job.Threads), of: d.of, fields: fields}
}

// writeLatent writes the posterior's means and variances, and where there are draws
// these, a row each; of a logistic-normal latent the draws' place on the simplex too,
// and its mean.
func (d *drawing) writeLatent(ctx context.Context, dir string) error {
	t := d.newCellTable(numbered(results.Float32, d.vae.NLatent, "latent", "latent_var")...)
	l, simplex := d.vae.NLatent, d.vae.LatentDistribution == "ln" && d.draws > 0
	t.of.Latent, t.of.Samples = true, 0
	if simplex {
		t.fields = append(t.fields, numbered(results.Float64, l, "latent_mean")...)
		t.of.Samples = d.draws
	}
	t.put = func(x *model.Generated, i int, columns []results.Column, at int) {
		for k := range l {
			columns[k].Float32[at], columns[l+k].Float32[at] = x.Mean[i*l+k], x.Variance[i*l+k]
			if simplex {
				columns[2*l+k].Float64[at] += float64(x.Z[i*l+k]) / float64(d.draws)
			}
		}
	}
	if err := t.write(ctx, inDir(dir, "latent"), "embedding"); err != nil || d.draws == 0 {
		return err
	}
	return d.writeLatentDraws(ctx, inDir(dir, "samples"))
}

// numbered are the columns stem_0 … stem_l−1 of each stem.
func numbered(of results.Type, l int, stems ...string) (fields []results.Field) {
	for _, stem := range stems {
		for k := range l {
			fields = append(fields, results.Field{Name: fmt.Sprintf("%s_%d", stem, k), Type: of})
		}
	}
	return fields
}

// writeLatentDraws writes draws of z, and of the library size where it is latent.
func (d *drawing) writeLatentDraws(ctx context.Context, path string) error {
	l, library := d.vae.NLatent, !d.vae.UseObservedLibSize && !d.vae.UseSizeFactor
	t := d.newCellTable(numbered(results.Float32, l, "latent")...)
	t.of.Latent, t.each = true, true
	if library {
		t.fields = append(t.fields, results.Field{Name: "library", Type: results.Float32})
	}
	t.put = func(x *model.Generated, i int, columns []results.Column, at int) {
		for k := range l {
			columns[k].Float32[at] = x.Z[i*l+k]
		}
		if library {
			columns[l].Float32[at] = x.Library[i]
		}
	}
	return t.write(ctx, path, "drawing")
}
