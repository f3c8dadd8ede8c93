package stages

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"cellvi/io/results"
	"cellvi/model/factor"
)

// write writes the folder: what needs the cells first, a row group at a time.
func (w *factoring) write(ctx context.Context, dir string) error {
	if w.options.HoldOut > 0 {
		w.heldOut = w.fit.NewHeldOut()
	}
	if err := w.writeCells(ctx, dir); err != nil {
		return err
	}
	w.sayHeldOut()
	if err := w.writeGenes(filepath.Join(dir, "genes.parquet")); err != nil {
		return err
	}
	if err := w.writeHistory(filepath.Join(dir, "history.parquet")); err != nil {
		return err
	}
	return w.writeModel(dir)
}

// factorCells are those of a row group: kept cells from … to−1.
type factorCells struct {
	from, to int
	q        factor.Posterior
	heldOut  []factor.Entry
}

// outputBytes is two row groups, each as rows and as columns, and names.
func (w *factoring) outputBytes() int64 {
	k := int64(w.options.NFactors + 1)
	cells := int64(min(len(w.p.Row), 2*(groupCells+1024)))
	bytes := cells * (k*(16+12) + nameBytes)
	if w.options.WriteHeldOut {
		bytes += int64(float64(cells)*float64(w.cells.pick.genes)*w.options.HoldOut*1.1) * 60
	}
	return bytes
}

// writeCells infers the cells, a row group at a time: while one is written the next is
// inferred.
func (w *factoring) writeCells(ctx context.Context, dir string) (err error) {
	files, err := w.createFiles(dir)
	if err != nil {
		return err
	}
	n := len(w.p.Row)
	w.job.Progress.Begin("writing", "cells", int64(n))
	defer w.job.Progress.End()
	w.fit.Ready()
	w.fit.AfterCells = func(n int) { w.job.Progress.Add(int64(n)) }
	err = overlap(w.p.groups(groupCells),
		func(g *factorCells, from, to int) error { return w.infer(ctx, g, from, to) },
		func(g *factorCells) error { return w.writeGroup(files, g) })
	for _, f := range files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// infer infers a row group.
func (w *factoring) infer(ctx context.Context, g *factorCells, from, to int) error {
	g.from, g.to, g.heldOut = from, to, g.heldOut[:0]
	var entry func(factor.Entry)
	if w.options.WriteHeldOut {
		entry = func(e factor.Entry) { g.heldOut = append(g.heldOut, e) }
	}
	return w.fit.Posterior(ctx, from, to-from, &g.q, w.heldOut, entry)
}

// createFiles begins latent.parquet, cells.parquet and, where it is asked for,
// held_out.parquet.
func (w *factoring) createFiles(dir string) (files []*results.Writer, err error) {
	schemas := []results.Schema{w.schema("latent_"), w.schema("effect", "effect_var", "factor_", "factor_var_")}
	if w.options.WriteHeldOut {
		schemas = append(schemas, results.Schema{Columns: []results.Field{{Name: "cell", Type: results.Int32}, {Name: "gene", Type: results.Int32},
			{Name: "value", Type: results.Float32}, {Name: "mean", Type: results.Float32}, {Name: "sd", Type: results.Float32}}})
	}
	for i, s := range schemas {
		f, err := results.Create(filepath.Join(dir, []string{"latent.parquet", "cells.parquet", "held_out.parquet"}[i]), s)
		if err != nil {
			for _, f := range files {
				err = errors.Join(err, f.Close())
			}
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// schema is of cell_id and columns of float32; a stem that ends in _ stands for one a
// factor.
func (w *factoring) schema(stems ...string) results.Schema {
	fields := []results.Field{{Name: "cell_id", Type: results.String}}
	for _, name := range w.names(stems...) {
		fields = append(fields, results.Field{Name: name, Type: results.Float32})
	}
	return results.Schema{Index: "cell_id", Columns: fields}
}

func (w *factoring) names(stems ...string) (names []string) {
	for _, stem := range stems {
		if stem[len(stem)-1] != '_' {
			names = append(names, stem)
			continue
		}
		for k := range w.options.NFactors {
			names = append(names, fmt.Sprintf("%s%d", stem, k))
		}
	}
	return names
}

// writeGroup writes a row group of each file.
func (w *factoring) writeGroup(files []*results.Writer, g *factorCells) error {
	ids, err := w.cells.names(g.from, g.to)
	if err != nil {
		return err
	}
	d, id := w.options.NFactors+1, results.Column{Name: "cell_id", String: ids}
	column := func(values []float64, r int, scale float64) []float32 {
		out := make([]float32, len(ids))
		for i := range out {
			out[i] = float32(scale * values[i*d+r])
		}
		return out
	}
	latent, cells := []results.Column{id}, []results.Column{id}
	for k, scale := range w.fit.Scale() {
		latent = append(latent, results.Column{Name: fmt.Sprintf("latent_%d", k), Float32: column(g.q.Mean, k+1, scale)})
	}
	add := func(name string, values []float64, r int) {
		cells = append(cells, results.Column{Name: name, Float32: column(values, r, 1)})
	}
	add("effect", g.q.Mean, 0)
	add("effect_var", g.q.Variance, 0)
	for k, name := range w.names("factor_") {
		add(name, g.q.Mean, k+1)
	}
	for k, name := range w.names("factor_var_") {
		add(name, g.q.Variance, k+1)
	}
	if err := errors.Join(files[0].WriteRowGroup(latent), files[1].WriteRowGroup(cells)); err != nil || len(files) < 3 {
		return err
	}
	return files[2].WriteRowGroup(heldOutColumns(g.heldOut))
}

// heldOutColumns are the rows of held_out.parquet: cell and gene count from 0, as in
// cells.parquet and genes.parquet.
func heldOutColumns(entries []factor.Entry) []results.Column {
	cell, gene := make([]int32, len(entries)), make([]int32, len(entries))
	value, mean, sd := make([]float32, len(entries)), make([]float32, len(entries)), make([]float32, len(entries))
	for i, e := range entries {
		cell[i], gene[i] = e.Cell, e.Gene
		value[i], mean[i], sd[i] = float32(e.Y), float32(e.Mean), float32(e.SD)
	}
	return []results.Column{{Name: "cell", Int32: cell}, {Name: "gene", Int32: gene}, {Name: "value", Float32: value},
		{Name: "mean", Float32: mean}, {Name: "sd", Float32: sd}}
}
