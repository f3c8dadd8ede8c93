package stages

import (
	"context"
	"errors"
	"io"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/h5ad"
	"cellvi/pipeline"
)

// h5adCopy is what --write-h5ad writes: a copy of an input, or a new file of the
// store's cells, to which a child adds the embedding and what else is asked for.
type h5adCopy struct {
	stage *Embed
	job   *pipeline.Job
	f     *fitted
	matched
	add *additions
}

// additions are what the options ask for. latent is the number of its dimensions.
func (s *Embed) additions(latent int, covs covariates) *additions {
	o := s.Options
	list := []h5ad.Addition{{Group: "obsm", Name: o.ObsmKey, Cols: latent}}
	if o.WriteObs {
		list = append(list, obsAdditions(covs)...)
	}
	for _, layer := range o.WriteLayers {
		list = append(list, h5ad.Addition{Group: "layers", Name: layerPrefix + layer})
	}
	return &additions{List: list, Replace: o.OverwriteKeys}
}

// planH5AD finds what to copy, the cells and genes of it, and what is in the way.
func (s *Embed) planH5AD(ctx context.Context, job *pipeline.Job, f *fitted) (*h5adCopy, error) {
	if s.copied == nil {
		if err := s.Preflight(ctx, job); err != nil {
			return nil, err
		}
	}
	c := &h5adCopy{stage: s, job: job, f: f, add: s.additions(f.vae.NLatent, f.p.covariates)}
	var err error
	if s.copied.path == "" {
		err = c.planNew()
	} else {
		err = c.planCopy(ctx)
	}
	if err != nil {
		return nil, err
	}
	c.add.Marks = c.Marks
	c.sized()
	return c, nil
}

// sized tells the size of what is added, which takes time to write.
func (c *h5adCopy) sized() {
	for _, x := range c.add.List {
		width := int64(x.Cols)
		if x.Group == "layers" {
			width = int64(c.f.st.Genes().Len())
		}
		c.add.Bytes += c.N * width * 8 // no type is wider
	}
}

// planCopy matches the file's cells and genes with the store's.
func (c *h5adCopy) planCopy(ctx context.Context) error {
	source := c.stage.copied
	genes := []string(nil)
	m := &matching{f: c.f, source: source, names: func(do func([]string) error) error {
		t, err := openTarget(ctx, source.path, c.add, meansOf(c.job))
		if err != nil {
			return err
		}
		genes = t.Genes
		return t.each(ctx, do)
	}}
	found, err := m.find(ctx)
	if err != nil {
		return err
	}
	c.matched = *found
	return c.planLayers(source.path, genes)
}

// planNew is for a file of all the store's cells.
func (c *h5adCopy) planNew() error {
	c.job.Note("%s is a new file of the store's counts and annotations: %s", c.stage.Options.WriteH5AD, c.stage.copied.why)
	c.end = c.f.st.Cells()
	kept := 0
	for row := range c.end {
		has := kept < len(c.f.p.Row) && int(c.f.p.Row[kept]) == row
		c.Append(has)
		if has {
			kept++
		}
	}
	return errors.Join(c.fitsNew(), c.planLayers(c.stage.Options.WriteH5AD, c.f.st.Genes().Names))
}

// publish makes the file and adds to it.
func (c *h5adCopy) publish(ctx context.Context) error {
	path := c.stage.Options.WriteH5AD
	if err := pipeline.PublishFile(path, func(tmp string) error { return c.write(ctx, tmp) }); err != nil {
		return err
	}
	c.say()
	return nil
}

func (c *h5adCopy) write(ctx context.Context, tmp string) error {
	of := c.stage.copied.path
	var err error
	if of == "" {
		of = c.stage.Options.WriteH5AD
		err = c.writeNew(ctx, tmp)
	} else {
		err = c.copyFile(ctx, of, tmp)
	}
	if err != nil {
		return err
	}
	to, err := startFeeder(ctx, tmp, of, c.add, meansOf(c.job))
	if err != nil {
		return err
	}
	if err := c.feed(ctx, to); err != nil && to.broken == nil {
		to.stop()
		return err
	}
	return to.end(ctx)
}

// feed sends the values of all additions: the latent, columns of obs, layers.
func (c *h5adCopy) feed(ctx context.Context, to *feeder) error {
	if err := c.feedLatent(ctx, to); err != nil {
		return err
	}
	if err := c.feedObs(ctx, to); err != nil {
		return err
	}
	for i, x := range c.add.List {
		if x.Group != "layers" {
			continue
		}
		if err := c.feedLayer(ctx, to, i); err != nil {
			return err
		}
	}
	return nil
}

// keptCells are the kept cells that are in the file: from … to−1.
func (c *h5adCopy) keptCells() (from, to int) { return c.f.p.kept(c.first, c.end) }

// say tells how many cells have no latent, and why.
func (c *h5adCopy) say() {
	from, to := c.keptCells()
	kept := int64(to - from)
	c.job.Count("h5ad_cells", c.N)
	c.job.Count("h5ad_cells_without_latent", c.N-kept)
	if c.N == kept {
		return
	}
	var why []string
	if n := c.N - c.cells(); n > 0 {
		why = append(why, counts.Thousands(n)+" not in the store (--keep, or of another input)")
	}
	if n := c.cells() - kept; n > 0 {
		why = append(why, counts.Thousands(n)+" left out by prepare (--min-counts)")
	}
	o := c.stage.Options
	c.job.Warn("%s: %s no latent, and NaN in obsm %s: %s", o.WriteH5AD, plural(c.N-kept, "cell has", "cells have"), counts.Printable(o.ObsmKey), strings.Join(why, ", "))
}

// each gives all names, piece by piece.
func (t *targetReader) each(ctx context.Context, do func(names []string) error) error {
	for {
		names, err := t.next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(names); err != nil {
			t.close()
			return err
		}
	}
}
