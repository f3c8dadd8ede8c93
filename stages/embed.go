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

// fitted is what embed and reconstruct start from: a model and the cells to
// put through it.
type fitted struct {
	st   *store.Store
	p    *prepared
	vae  *model.VAE[float32]
	card *modelCard
	pick picker
}

// openFitted opens the three; close it.
func openFitted(storePath, preparedPath, modelPath string) (*fitted, error) {
	st, err := store.Open(storePath)
	if err != nil {
		return nil, err
	}
	f := &fitted{st: st}
	if err := f.read(preparedPath, modelPath); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return f, nil
}

func (f *fitted) read(preparedPath, modelPath string) (err error) {
	if f.p, err = readPrepared(preparedPath, f.st); err != nil {
		return err
	}
	if f.vae, f.card, err = readModel(modelPath); err != nil {
		return err
	}
	if f.pick, err = pickNamed(f.st, f.card.Genes, modelPath); err != nil {
		return err
	}
	return f.card.recode(f.p, preparedPath)
}

// fits says before it happens that evaluating the model, with buffers of output
// bytes, does not fit the budget.
func (f *fitted) fits(job *pipeline.Job, buffers int64) error {
	need := withSlack(model.EvalBytes(f.vae.Config, job.Threads) + buffers + int64(len(f.p.Row))*64)
	if job.Memory > 0 && need > job.Memory {
		return pipeline.OverMemory("%d cells × %d genes need about %s, --memory allows %s: raise it, or use fewer --threads",
			len(f.p.Row), f.vae.NInput, human(need), human(job.Memory))
	}
	return nil
}

// Run writes the posterior mean of every kept cell, in the store's order.
func (s *Embed) Run(ctx context.Context, job *pipeline.Job) error {
	f, err := openFitted(s.Store(), s.Prepared(), s.Model())
	if err != nil {
		return err
	}
	defer f.st.Close() // nothing was written to it
	if err := f.fits(job, groupCells*int64(f.vae.NLatent)*16); err != nil {
		return err
	}
	job.Count("cells", int64(len(f.p.Row)))
	return pipeline.PublishFile(s.Latent(), func(tmp string) error {
		return s.write(ctx, job, f, tmp)
	})
}

// groupCells is the cells of a row group: a few megabytes of latent.
const groupCells = 64 * 1024

// write streams the latent, a row group at a time.
func (s *Embed) write(ctx context.Context, job *pipeline.Job, f *fitted, path string) error {
	w, err := results.Create(path, results.Schema{Index: "cell_id", Columns: s.fields(f.vae.NLatent)})
	if err != nil {
		return err
	}
	job.Progress.Begin("embedding", "cells", int64(len(f.p.Row)))
	defer job.Progress.End()
	e, l := model.NewEvaluator(f.vae, job.Threads), f.vae.NLatent
	var mean, variance []float32
	from := 0
	flush := func(to int) error {
		err := w.WriteRowGroup(s.columns(f.p.CellID[from:to], mean, variance, l))
		mean, variance, from = mean[:0], variance[:0], to
		return err
	}
	err = eachKept(ctx, f.st, f.p, f.pick, func(first int, cells *model.Cells) error {
		n := cells.Len()
		m, v := make([]float32, n*l), make([]float32, n*l)
		if err := e.Posterior(ctx, cells, m, v); err != nil {
			return err
		}
		mean, variance = append(mean, m...), append(variance, v...)
		job.Progress.Add(int64(n))
		if first+n-from >= groupCells {
			return flush(first + n)
		}
		return nil
	})
	if err == nil && (from < len(f.p.Row) || from == 0) {
		err = flush(len(f.p.Row))
	}
	return errors.Join(err, w.Close())
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
func (s *Embed) columns(ids []string, mean, variance []float32, l int) []results.Column {
	cols := []results.Column{{Name: "cell_id", String: ids}}
	for i, stem := range s.stems() {
		values := [][]float32{mean, variance}[i]
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
