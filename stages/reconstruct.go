package stages

import (
	"context"
	"errors"
	"math"
	"path/filepath"

	"cellvi/io/counts"
	"cellvi/io/results"
	"cellvi/model"
	"cellvi/pipeline"
)

// Run writes the decoder's mean at the posterior mean, cells × genes, and the
// genes' inverse dispersions.
func (s *Reconstruct) Run(ctx context.Context, job *pipeline.Job) error {
	f, err := openFitted(s.Store(), s.Prepared(), s.Model())
	if err != nil {
		return err
	}
	defer f.st.Close() // nothing was written to it
	genes, err := s.chosen(f.card.Genes)
	if err != nil {
		return err
	}
	if err := f.fits(job, groupMemory(len(f.p.Row), len(genes), groupRows(len(f.p.Row), len(genes)))); err != nil {
		return err
	}
	job.Count("cells", int64(len(f.p.Row)))
	job.Count("genes", int64(len(genes)))
	job.Note("writing %s of %d cells × %d genes: %s before compression (--no-reconstruct leaves it out, --reconstruct-genes FILE chooses genes)",
		s.Options.Reconstruct, len(f.p.Row), len(genes), human(int64(len(f.p.Row))*int64(len(genes))*4))
	return pipeline.PublishDir(s.Reconstruction(), func(dir string) error {
		if err := s.writeDispersion(filepath.Join(dir, "px_r.parquet"), f, genes); err != nil {
			return err
		}
		return s.writeMean(ctx, job, filepath.Join(dir, s.Options.Reconstruct+".parquet"), f, genes)
	}, "px_rate.parquet", "px_scale.parquet")
}

// chosen gives the positions, among the model's genes, of those to write.
func (s *Reconstruct) chosen(all []string) ([]int, error) {
	at := map[string]int{}
	positions := make([]int, len(all))
	for i, g := range all {
		at[g], positions[i] = i, i
	}
	if s.Options.ReconstructGenes == "" {
		return positions, nil
	}
	names, err := readList(s.Options.ReconstructGenes)
	if err != nil {
		return nil, err
	}
	positions = positions[:0]
	var missing []string
	for _, n := range names {
		if i, ok := at[n]; ok {
			positions = append(positions, i)
		} else {
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		return nil, pipeline.BadInput("%s: %d of %d genes are not among the model's, the first %s: name genes as in genes.parquet, where selected is true",
			s.Options.ReconstructGenes, len(missing), len(names), missing[0])
	}
	return positions, nil
}

// writeDispersion writes theta = exp(px_r) of each gene, an inverse dispersion:
// variance mu + mu²/theta.
func (s *Reconstruct) writeDispersion(path string, f *fitted, genes []int) error {
	r := f.vae.R()
	ids, theta := make([]string, len(genes)), make([]float32, len(genes))
	for i, g := range genes {
		ids[i], theta[i] = f.card.Genes[g], float32(math.Exp(float64(r[g])))
	}
	return results.Write(path, "gene_id", nil, results.Column{Name: "gene_id", String: ids}, results.Column{Name: "px_r", Float32: theta})
}

// writeMean streams the mean, a row group at a time: while one is written the
// next is computed.
func (s *Reconstruct) writeMean(ctx context.Context, job *pipeline.Job, path string, f *fitted, genes []int) error {
	names := columnNames(job, f.card.Genes)
	schema := results.Schema{Index: "cell_id", Columns: []results.Field{{Name: "cell_id", Type: results.String}}}
	for _, g := range genes {
		schema.Columns = append(schema.Columns, results.Field{Name: names[g], Type: results.Float32})
	}
	w, err := results.Create(path, schema)
	if err != nil {
		return err
	}
	job.Progress.Begin("reconstructing", "cells", int64(len(f.p.Row)))
	defer job.Progress.End()
	e, source := model.NewEvaluator(f.vae, job.Threads), f.source()
	d := &decoder{e: e, source: source, genes: genes, schema: &schema, rate: s.Options.Reconstruct == "px_rate"}
	err = overlap(f.p.stretches(groupRows(len(f.p.Row), len(genes))),
		func(g *decoded, from, to int) error {
			err := d.decode(ctx, g, from, to)
			job.Progress.Add(int64(to - from))
			return err
		},
		func(g *decoded) (err error) {
			if g.columns[0].String, err = source.names(g.from, g.to); err != nil {
				return err
			}
			return w.WriteRowGroup(g.columns)
		})
	return errors.Join(err, w.Close())
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

// decoded is a row group: kept cells from … to−1.
type decoded struct {
	from, to int
	columns  []results.Column // the cells' names, then the genes
}

// decoder computes row groups.
type decoder struct {
	e      *model.Evaluator
	source *cellSource
	genes  []int // of the model, to write
	schema *results.Schema
	rate   bool // the mean of counts, not shares
}

// decode fills g with kept cells from … to−1, their names yet to be set.
func (d *decoder) decode(ctx context.Context, g *decoded, from, to int) error {
	g.from, g.to = from, to
	if g.columns == nil {
		g.columns = make([]results.Column, len(d.schema.Columns))
	}
	for i := range g.columns {
		g.columns[i].Name = d.schema.Columns[i].Name
		if i > 0 {
			g.columns[i].Float32 = resized(g.columns[i].Float32, to-from)
		}
	}
	return d.e.Decode(ctx, d.source, span(from, to), func(cell int, rho []float32, library float32) {
		scale := float32(1)
		if d.rate {
			scale = library
		}
		for i, gene := range d.genes {
			g.columns[i+1].Float32[cell] = rho[gene] * scale
		}
	})
}
