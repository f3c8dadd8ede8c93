package stages

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/h5ad"
	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

// Run draws cells from the model and writes them with what is known of them:
// obs batch and label, obsm X_latent, var theta. A name that does not end in
// .h5ad becomes a cells store, without the latent.
//
// Cells are drawn by all threads and written as they come: memory holds some
// blocks of cells, and for an .h5ad its annotations and latent.
func (s *Simulate) Run(ctx context.Context, job *pipeline.Job) error {
	o := s.Options
	cfg := model.DefaultConfig()
	cfg.NInput, cfg.NBatch, cfg.NLabels, cfg.NLatent = o.Genes, o.NBatches, o.NLabels, o.NLatent
	if err := s.fits(job, cfg); err != nil {
		return err
	}
	sim := model.NewSimulator(cfg, o.NLabels, o.Library, o.Seed)
	if strings.HasSuffix(o.Output, ".h5ad") {
		return pipeline.PublishFile(o.Output, func(tmp string) error { return s.writeH5AD(ctx, job, sim, tmp) })
	}
	return pipeline.PublishDir(o.Output, func(dir string) error { return s.writeStore(ctx, job, sim, dir) })
}

// fits says before it happens that the cells do not fit the budget. An .h5ad's
// annotations are written at its end: until then they take, measured, 150 bytes
// a cell, and the latent its own size.
func (s *Simulate) fits(job *pipeline.Job, cfg model.Config) error {
	const nonzero = 12 // bytes of a count in memory; a quarter of the counts, for a start
	need := programBytes + garbageBytes + model.EvalBytes(cfg, job.Threads) + int64(slotsOf(job)*model.DrawBlock)*int64(cfg.NInput)*nonzero/4
	advice := "raise it, or use fewer --threads"
	if strings.HasSuffix(s.Options.Output, ".h5ad") {
		need += int64(s.Options.Cells) * int64(150+4*cfg.NLatent)
		advice = "raise it, or write a cells store (an --output that does not end in .h5ad), which takes the same memory for any number of cells"
	}
	if job.Memory > 0 && need > job.Memory {
		return pipeline.OverMemory("drawing %d cells × %d genes needs about %s, --memory allows %s: %s", s.Options.Cells, cfg.NInput, human(need), human(job.Memory), advice)
	}
	return nil
}

func (s *Simulate) writeH5AD(ctx context.Context, job *pipeline.Job, sim *model.Simulator, path string) error {
	w, err := h5ad.Create(path, s.genes(sim), s.obs(), h5ad.WriteOptions{Gzip: s.Options.Gzip})
	if err != nil {
		return err
	}
	latent := make([]float32, 0, s.Options.Cells*s.Options.NLatent)
	err = s.draw(ctx, job, sim, func(t *counts.Table, d *model.Drawing) error {
		latent = append(latent, d.Latent...)
		return w.Write(t)
	})
	if err == nil {
		err = w.WriteObsm("X_latent", s.Options.NLatent, latent)
	}
	return errors.Join(err, w.Close())
}

// writeStore writes the counts in the narrowest type that holds them all. It
// begins with the type that the first cells ask for, and again with the next
// where a later count does not fit.
func (s *Simulate) writeStore(ctx context.Context, job *pipeline.Job, sim *model.Simulator, dir string) error {
	kind := s.guess(sim)
	for {
		err := s.writeCounts(ctx, job, sim, dir, kind)
		wider, ok := kind.Wider()
		if !errors.Is(err, store.ErrTooWide) || !ok {
			return err
		}
		job.Note("a count does not fit %s: drawing again, as %s", kind, wider)
		kind = wider
	}
}

func (s *Simulate) writeCounts(ctx context.Context, job *pipeline.Job, sim *model.Simulator, dir string, kind store.CountType) error {
	w, err := store.Create(filepath.Clean(dir), s.genes(sim), s.obs(), store.Options{Count: kind})
	if err != nil {
		return err
	}
	err = s.draw(ctx, job, sim, func(t *counts.Table, _ *model.Drawing) error { return w.Write(t) })
	if closed := w.Close(); err == nil { // a failed Write's error comes from Close too
		err = closed
	}
	return err
}

// guess is the type for the largest count of the first cells; of many cells the
// largest is larger, which costs a second try where the guess was too narrow.
func (s *Simulate) guess(sim *model.Simulator) store.CountType {
	w, d, largest := sim.NewDrawer(), new(model.Drawing), 0.0
	for b := range min(guessBlocks, s.blocks()) {
		w.Draw(b, s.blockCells(b), d)
		for _, x := range d.Counts {
			largest = max(largest, x)
		}
	}
	// A negative binomial's tail falls by e every mu/theta + 1 counts, so that the
	// largest of n grows as log n; half as much again for the cells' libraries.
	if s.blocks() > guessBlocks {
		largest *= 1.5 * math.Log(float64(s.Options.Cells)) / math.Log(guessBlocks*model.DrawBlock)
	}
	return store.TypeFor(largest, false)
}

// guessBlocks is what guess looks at: 1,024 cells.
const guessBlocks = 8

// genes names the genes and gives their inverse dispersion.
func (s *Simulate) genes(sim *model.Simulator) *counts.Frame {
	f := &counts.Frame{}
	theta := counts.Column{Name: "theta", Kind: counts.Float}
	width := len(fmt.Sprint(s.Options.Genes - 1))
	r, _ := sim.VAE.R()
	for g, r := range r {
		f.Names = append(f.Names, fmt.Sprintf("gene_%0*d", width, g))
		theta.Floats = append(theta.Floats, math.Exp(float64(r)))
	}
	f.Columns = []counts.Column{theta}
	return f
}

// obs is the annotations of cells, as yet without rows.
func (s *Simulate) obs() *counts.Frame {
	levels := func(stem string, n int) (l []string) {
		for i := range n {
			l = append(l, fmt.Sprintf("%s_%0*d", stem, len(fmt.Sprint(n-1)), i))
		}
		return l
	}
	return &counts.Frame{Columns: []counts.Column{
		{Name: "batch", Kind: counts.Categorical, Levels: levels("batch", s.Options.NBatches)},
		{Name: "label", Kind: counts.Categorical, Levels: levels("type", s.Options.NLabels)},
	}}
}
