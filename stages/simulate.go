package stages

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"sync"

	"cellvi/io/counts"
	"cellvi/io/h5ad"
	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

// Run draws cells from the model and writes them with what is known of them:
// obs batch and label, obsm X_latent, var theta. A name that does not end in
// .h5ad becomes a cells store, without the latent.
func (s *Simulate) Run(ctx context.Context, job *pipeline.Job) error {
	o := s.Options
	cfg := model.DefaultConfig()
	cfg.NInput, cfg.NBatch, cfg.NLabels, cfg.NLatent = o.Genes, o.NBatches, o.NLabels, o.NLatent
	sim := model.NewSimulator(cfg, o.NLabels, o.Library, o.Seed)
	if strings.HasSuffix(o.Output, ".h5ad") {
		return pipeline.PublishFile(o.Output, func(tmp string) error { return s.writeH5AD(ctx, job, sim, tmp) })
	}
	return pipeline.PublishDir(o.Output, func(dir string) error { return s.writeStore(ctx, job, sim, dir) })
}

// sink takes simulated tables.
type sink interface {
	Write(t *counts.Table) error
	Close() error
}

func (s *Simulate) writeH5AD(ctx context.Context, job *pipeline.Job, sim *model.Simulator, path string) error {
	w, err := h5ad.Create(path, s.genes(sim), s.obs(0), h5ad.WriteOptions{Gzip: s.Options.Gzip})
	if err != nil {
		return err
	}
	latent, err := s.draw(ctx, job, sim, w)
	if err == nil {
		err = w.WriteObsm("X_latent", s.Options.NLatent, latent)
	}
	return errors.Join(err, w.Close())
}

func (s *Simulate) writeStore(ctx context.Context, job *pipeline.Job, sim *model.Simulator, dir string) error {
	w, err := store.Create(filepath.Clean(dir), s.genes(sim), s.obs(0), store.Options{Count: store.Uint16})
	if err != nil {
		return err
	}
	_, err = s.draw(ctx, job, sim, w)
	if errors.Is(err, store.ErrTooWide) {
		err = pipeline.Usage("--library %g gives counts above 65,535, which the store written here does not hold: choose fewer, or write an .h5ad", s.Options.Library)
	}
	return errors.Join(err, w.Close())
}

// genes names the genes and gives their inverse dispersion.
func (s *Simulate) genes(sim *model.Simulator) *counts.Frame {
	f := &counts.Frame{}
	theta := counts.Column{Name: "theta", Kind: counts.Float}
	width := len(fmt.Sprint(s.Options.Genes - 1))
	for g, r := range sim.VAE.R() {
		f.Names = append(f.Names, fmt.Sprintf("gene_%0*d", width, g))
		theta.Floats = append(theta.Floats, math.Exp(float64(r)))
	}
	f.Columns = []counts.Column{theta}
	return f
}

// obs is the annotations of n cells, all yet in the first batch and label.
func (s *Simulate) obs(n int) *counts.Frame {
	levels := func(stem string, n int) (l []string) {
		for i := range n {
			l = append(l, fmt.Sprintf("%s_%0*d", stem, len(fmt.Sprint(n-1)), i))
		}
		return l
	}
	return &counts.Frame{Names: make([]string, n), Columns: []counts.Column{
		{Name: "batch", Kind: counts.Categorical, Codes: make([]int32, n), Levels: levels("batch", s.Options.NBatches)},
		{Name: "label", Kind: counts.Categorical, Codes: make([]int32, n), Levels: levels("type", s.Options.NLabels)},
	}}
}

// drawn is the cells that are drawn at once, by all threads.
const drawn = 1024

// draw draws all cells into w and gives their latents (cells, L), row-major.
func (s *Simulate) draw(ctx context.Context, job *pipeline.Job, sim *model.Simulator, w sink) ([]float32, error) {
	job.Progress.Begin("simulating", "cells", int64(s.Options.Cells))
	defer job.Progress.End()
	var latent []float32
	for first := 0; first < s.Options.Cells; first += drawn {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := min(drawn, s.Options.Cells-first)
		cells, err := drawCells(sim, first, n, job.Threads)
		if err != nil {
			return nil, err
		}
		if err := w.Write(s.table(first, cells)); err != nil {
			return nil, err
		}
		for _, c := range cells {
			latent = append(latent, c.Latent...)
		}
		job.Progress.Add(int64(n))
	}
	return latent, nil
}

// drawCells draws cells first … first+n−1; which thread draws which does not matter.
func drawCells(sim *model.Simulator, first, n, threads int) ([]model.Cell, error) {
	cells, faults := make([]model.Cell, n), make([]error, threads)
	var group sync.WaitGroup
	for w := range threads {
		group.Go(func() {
			faults[w] = pipeline.Guard(func() error {
				p := sim.NewPass()
				for i := w; i < n; i += threads {
					cells[i] = sim.Draw(first+i, p)
				}
				return nil
			})
		})
	}
	group.Wait()
	return cells, errors.Join(faults...)
}

// table lays cells out as counts.
func (s *Simulate) table(first int, cells []model.Cell) *counts.Table {
	t := &counts.Table{Obs: *s.obs(len(cells)), Indptr: []int64{0}}
	width := len(fmt.Sprint(s.Options.Cells - 1))
	for i, c := range cells {
		t.Obs.Names[i] = fmt.Sprintf("cell_%0*d", width, first+i)
		t.Obs.Columns[0].Codes[i], t.Obs.Columns[1].Codes[i] = int32(c.Batch), int32(c.Label)
		t.Genes, t.Values = append(t.Genes, c.Genes...), append(t.Values, c.Counts...)
		t.Indptr = append(t.Indptr, int64(len(t.Genes)))
	}
	return t
}
