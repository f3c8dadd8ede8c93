package stages

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/results"
	"cellvi/model"
	"cellvi/pipeline"
)

// matrix is a file of cells × genes.
type matrix struct {
	name  string                                   // of the file, without .parquet
	value func(x *model.Generated, of []int) value // of the chosen genes
}

// value gives the number of cell k of a minibatch and the i-th chosen gene.
type value func(k, i int) float32

// matrices are those that a reconstruction of the model has.
func (s *Reconstruct) matrices(cfg model.Config) []matrix {
	mean := s.Options.Reconstruct
	list := []matrix{{mean, func(x *model.Generated, of []int) value {
		genes := len(x.Scale) / x.N
		if mean == "px_scale" {
			return func(k, i int) float32 { return x.Scale[k*genes+of[i]] }
		}
		return func(k, i int) float32 { return x.Scale[k*genes+of[i]] * x.Library[k] }
	}}}
	if cfg.Dispersion == "gene-cell" && cfg.GeneLikelihood != "poisson" {
		list = append(list, matrix{"px_r", func(x *model.Generated, of []int) value {
			genes := len(x.Scale) / x.N
			return func(k, i int) float32 { return x.Theta[k*genes+of[i]] }
		}})
	}
	if cfg.GeneLikelihood == "zinb" {
		list = append(list, matrix{"px_dropout", func(x *model.Generated, of []int) value {
			genes := len(x.Scale) / x.N
			return func(k, i int) float32 { return float32(1 / (1 + math.Exp(-float64(x.Dropout[k*genes+of[i]])))) }
		}})
	}
	return list
}

func namesOf(list []matrix) string {
	var names []string
	for _, m := range list {
		names = append(names, m.name)
	}
	return strings.Join(names, ", ")
}

// writeMatrices streams the matrices, a row group at a time: while one is written the
// next is computed.
func writeMatrices(ctx context.Context, job *pipeline.Job, dir string, f *fitted, own *portion, genes []int, list []matrix) (err error) {
	d := &decoder{job: job, e: model.NewEvaluator(f.vae, job.Threads), source: f.source(), genes: genes, list: list,
		schema: results.Schema{Index: "cell_id", Columns: []results.Field{{Name: "cell_id", Type: results.String}}}}
	names := columnNames(job, f.card.Genes)
	for _, g := range genes {
		d.schema.Columns = append(d.schema.Columns, results.Field{Name: names[g], Type: results.Float32})
	}
	var writers []*portionWriter
	defer func() {
		for _, w := range writers {
			err = errors.Join(err, w.Close())
		}
	}()
	for _, m := range list {
		w, err := own.create(filepath.Join(dir, m.name+".parquet"), d.schema)
		if err != nil {
			return err
		}
		writers = append(writers, w)
	}
	job.Progress.Begin("reconstructing", "cells", int64(own.cells()))
	defer job.Progress.End()
	return overlap(own.groups,
		func(g *decoded, from, to int) error { return d.decode(ctx, g, from, to) },
		func(g *decoded) error { return d.write(g, writers) })
}

// columnNames are the genes' names, but for one that is named as the column of
// cell names: it gets a suffix, as anndata makes names unique.
func columnNames(job *pipeline.Job, genes []string) []string {
	names := append([]string{"cell_id"}, genes...)
	if counts.MakeUnique(names) > 0 {
		job.Warn("the gene cell_id is named as the column of cell names: its column is cell_id-1")
	}
	return names[1:]
}

// decoded is a row group of each matrix: kept cells from … to−1.
type decoded struct {
	from, to int
	columns  [][]results.Column // by matrix: the cells' names, then the genes
}

// decoder computes row groups.
type decoder struct {
	job    *pipeline.Job
	e      *model.Evaluator
	source *cellSource
	genes  []int // of the model, to write
	list   []matrix
	schema results.Schema // of each
}

// room makes g that of n cells.
func (d *decoder) room(g *decoded, n int) {
	if g.columns == nil {
		g.columns = make([][]results.Column, len(d.list))
	}
	for m := range g.columns {
		if g.columns[m] == nil {
			g.columns[m] = make([]results.Column, len(d.schema.Columns))
		}
		for i := range g.columns[m] {
			c := &g.columns[m][i]
			c.Name = d.schema.Columns[i].Name
			if i > 0 {
				c.Float32 = resized(c.Float32, n)
			}
		}
	}
}

// decode fills g with kept cells from … to−1, their names yet to be set.
func (d *decoder) decode(ctx context.Context, g *decoded, from, to int) error {
	g.from, g.to = from, to
	d.room(g, to-from)
	err := d.e.Generate(ctx, d.source, span(from, to), model.Generation{Batch: -1}, func(x *model.Generated) error {
		for m, matrix := range d.list {
			of := matrix.value(x, d.genes)
			for i := range d.genes {
				column := g.columns[m][i+1].Float32[x.First:]
				for k := range x.N {
					column[k] = of(k, i)
				}
			}
		}
		return nil
	})
	d.job.Progress.Add(int64(to - from))
	return err
}

// write writes a row group of each matrix.
func (d *decoder) write(g *decoded, writers []*portionWriter) error {
	names, err := d.source.names(g.from, g.to)
	if err != nil {
		return err
	}
	for m, w := range writers {
		g.columns[m][0].String = names
		if err := w.WriteRowGroup(g.columns[m]); err != nil {
			return err
		}
	}
	return nil
}
