package stages

import (
	"context"
	"errors"

	"cellvi/io/results"
	"cellvi/model"
)

// predictiveTable writes draws of counts that are not zero: a row each, of a cell's
// number among those of cells.parquet, a gene's among those of genes.parquet, the draw
// and the count.
type predictiveTable struct {
	*drawing
	e *model.Evaluator
}

// mostEntries is the cells × genes of a row group, all of which may have a count.
const mostEntries = 2 << 20

// cellsOf is the cells of a row group: whole minibatches, no more than there are.
func (t *predictiveTable) cellsOf() int {
	all := (len(t.rows) + evalCells - 1) / evalCells * evalCells
	return min(all, max(1, min(groupCells, mostEntries/max(1, len(t.genes)))/evalCells)*evalCells)
}

// write makes the files of the folder.
func (t *predictiveTable) write(ctx context.Context, dir string) error {
	entries := int64(t.cellsOf()) * int64(len(t.genes))
	if err := t.fits(3*16*entries+2*nameBytes*int64(min(len(t.rows), groupCells)), "choose fewer genes with --genes"); err != nil {
		return err
	}
	if err := t.writeNames(inDir(dir, "cells"), inDir(dir, "genes")); err != nil {
		return err
	}
	count := results.Field{Name: "count", Type: results.Int32}
	if t.vae.GeneLikelihood == "normal" {
		count.Type = results.Float32
	}
	w, err := results.Create(inDir(dir, "counts"), results.Schema{Columns: []results.Field{
		{Name: "cell", Type: results.Int32}, {Name: "gene", Type: results.Int32}, {Name: "sample", Type: results.Int32}, count}})
	if err != nil {
		return err
	}
	t.e = model.NewEvaluator(t.vae, t.job.Threads)
	t.job.Progress.Begin("drawing", "cells", int64(len(t.rows))*int64(t.draws))
	defer t.job.Progress.End()
	err = overlap(t.pieces(),
		func(g *entries3, from, to int) error { return t.compute(ctx, g, from, to) },
		func(g *entries3) error { return w.WriteRowGroup(g.columns(count.Type)) })
	return errors.Join(err, w.Close())
}

// writeNames writes the names that cells' and genes' numbers stand for.
func (t *predictiveTable) writeNames(cells, genes string) error {
	names := make([]string, len(t.genes))
	for i, g := range t.genes {
		names[i] = t.card.Genes[g]
	}
	if err := results.Write(genes, "gene_id", nil, results.Column{Name: "gene_id", String: names}); err != nil {
		return err
	}
	w, err := results.Create(cells, results.Schema{Index: "cell_id", Columns: []results.Field{{Name: "cell_id", Type: results.String}}})
	if err != nil {
		return err
	}
	for _, b := range t.groups(groupCells) {
		ids, err := t.names(b.from, b.to)
		if err == nil {
			err = w.WriteRowGroup([]results.Column{{Name: "cell_id", String: ids}})
		}
		if err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return w.Close()
}

// pieces cuts cells and draws: piece k·draws + s is draw s of group k of cells, as
// bounds of one number.
func (t *predictiveTable) pieces() []bounds {
	groups := max(1, (len(t.rows)+t.cellsOf()-1)/t.cellsOf())
	list := make([]bounds, groups*t.draws)
	for i := range list {
		list[i] = bounds{i, i + 1}
	}
	return list
}

// entries3 is the counts of a row group.
type entries3 struct {
	cell, gene, sample []int32
	count              []float32
	parts              []entries // by minibatch
}

// entries are the counts of a minibatch.
type entries struct {
	cell, gene []int32
	count      []float32
}

// compute draws one piece.
func (t *predictiveTable) compute(ctx context.Context, g *entries3, piece, _ int) error {
	from, sample := piece/t.draws*t.cellsOf(), piece%t.draws
	to := min(from+t.cellsOf(), len(t.rows))
	g.parts = resized(g.parts, (to-from+evalCells-1)/evalCells)
	of := t.of
	of.First, of.Samples = sample, 1
	if len(t.batches) == 1 {
		of.Batches, of.Batch = nil, t.batches[0]
	}
	err := t.e.Generate(ctx, t.source, t.rows[from:to], of, func(x *model.Generated) error {
		t.draw(&g.parts[x.First/evalCells], x, from)
		return nil
	})
	g.join(sample)
	t.job.Progress.Add(int64(to - from))
	return err
}

// draw draws a minibatch of the cells from first on.
func (t *predictiveTable) draw(e *entries, x *model.Generated, first int) {
	p, row := model.NewPredictive(t.vae.Config, t.options.Seed), make([]float32, len(t.genes))
	e.cell, e.gene, e.count = e.cell[:0], e.gene[:0], e.count[:0]
	for i := range x.N {
		cell := first + x.First + i
		p.Draw(x, i, t.item(cell), t.genes, row)
		for k, v := range row {
			if v != 0 {
				e.cell, e.gene, e.count = append(e.cell, int32(cell)), append(e.gene, int32(k)), append(e.count, v)
			}
		}
	}
}

// join puts the minibatches one behind the other.
func (g *entries3) join(sample int) {
	g.cell, g.gene, g.count = g.cell[:0], g.gene[:0], g.count[:0]
	for _, e := range g.parts {
		g.cell, g.gene, g.count = append(g.cell, e.cell...), append(g.gene, e.gene...), append(g.count, e.count...)
	}
	g.sample = resized(g.sample, len(g.cell))
	for i := range g.sample {
		g.sample[i] = int32(sample)
	}
}

// columns are the table's.
func (g *entries3) columns(of results.Type) []results.Column {
	count := results.Column{Name: "count", Float32: g.count}
	if of == results.Int32 {
		whole := make([]int32, len(g.count))
		for i, v := range g.count {
			whole[i] = int32(v)
		}
		count = results.Column{Name: "count", Int32: whole}
	}
	return []results.Column{{Name: "cell", Int32: g.cell}, {Name: "gene", Int32: g.gene}, {Name: "sample", Int32: g.sample}, count}
}
