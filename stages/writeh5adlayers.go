package stages

import (
	"context"
	"slices"

	"cellvi/io/counts"
	"cellvi/model"
	"cellvi/pipeline"
)

// layerPrefix begins the names of layers, after which comes what they hold.
const layerPrefix = "scvi_"

// layerBytes is about what the cells that are decoded together take.
const layerBytes = 4 << 20

// planLayers finds the model's genes in the file, whose genes these are, for the
// layers.
func (c *h5adCopy) planLayers(path string, genes []string) error {
	if len(c.stage.Options.WriteLayers) == 0 {
		return nil
	}
	at, err := c.geneColumns(path, genes)
	if err != nil {
		return err
	}
	for i := range c.add.List {
		if x := &c.add.List[i]; x.Group == "layers" {
			x.Genes, x.Cols = at, len(at)
		}
	}
	size := int64(len(c.stage.Options.WriteLayers)) * c.N * int64(len(genes)) * 4
	c.job.Note("%s: adding %s of %d cells × %d genes, %s (--write-layers); %d of the genes are the model's, the others are NaN",
		c.stage.Options.WriteH5AD, plural(int64(len(c.stage.Options.WriteLayers)), "layer", "layers"), c.N, len(genes), human(size), len(at))
	return c.f.fits(c.job, 2*layerBytes)
}

// geneColumns are the file's columns of the model's genes. The store's genes are
// called as the file's are, or were before --gene-id, made unique where they repeat.
func (c *h5adCopy) geneColumns(path string, genes []string) ([]int32, error) {
	store := c.f.st.Genes()
	unique := slices.Clone(genes)
	counts.MakeUnique(unique)
	lists := [][]string{store.Names}
	if old := store.Column("var_names"); old != nil && old.Kind == counts.String {
		lists = append(lists, old.Strings)
	}
	var first string
	for _, names := range lists {
		if slices.Equal(names, genes) || slices.Equal(names, unique) {
			names = nil // gene by gene
		}
		at, missing := c.placed(names, unique)
		if missing == "" {
			return at, nil
		}
		if first == "" {
			first = missing
		}
	}
	return nil, pipeline.BadInput("%s: var: the model's gene %s is not there: leave --write-layers out, or name the cells store with --from, to write a new .h5ad", path, counts.Printable(first))
}

// placed is where the model's genes stand in the file: those of the store are called
// names, nil where they stand in the file's order. missing is the first that is not
// there.
func (c *h5adCopy) placed(names, file []string) (at []int32, missing string) {
	where := map[string]int32{}
	for i, name := range file {
		where[name] = int32(i)
	}
	at = make([]int32, c.f.pick.genes)
	for i, k := range c.f.pick.index {
		if k < 0 {
			continue
		}
		at[k] = int32(i)
		if names == nil {
			continue
		}
		place, there := where[names[i]]
		if !there {
			return nil, c.f.st.Genes().Names[i]
		}
		at[k] = place
	}
	return at, ""
}

// feedLayer sends addition i, a layer, some cells at a time.
func (c *h5adCopy) feedLayer(ctx context.Context, to *feeder, i int) error {
	x := c.add.List[i]
	e, source := model.NewEvaluator(c.f.vae, c.job.Threads), c.f.source()
	from, end := c.keptCells()
	step := max(1, layerBytes/4/max(1, len(x.Genes))/128) * 128
	c.job.Progress.Begin("decoding "+x.Name, "cells", int64(end-from))
	defer c.job.Progress.End()
	var rows []float32
	for at := from; at < end; at += step {
		n := min(step, end-at)
		rows = resized(rows, n*len(x.Genes))
		if err := decodeRows(ctx, e, source, span(at, at+n), x.Name == layerPrefix+"px_rate", rows); err != nil {
			return err
		}
		if err := to.send(i, rows); err != nil {
			return err
		}
		c.job.Progress.Add(int64(n))
	}
	return nil
}

// decodeRows fills out (cells, G) with the decoder's mean at the posterior mean: of
// counts where rate is set, else of shares.
func decodeRows(ctx context.Context, e *model.Evaluator, source *cellSource, cells []int32, rate bool, out []float32) error {
	return e.Generate(ctx, source, cells, model.Generation{Batch: -1}, func(x *model.Generated) error {
		genes := len(x.Scale) / x.N
		out := out[x.First*genes:]
		copy(out, x.Scale)
		for i, l := range x.Library {
			for k := i * genes; rate && k < (i+1)*genes; k++ {
				out[k] *= l
			}
		}
		return nil
	})
}
