package stages

import (
	"context"
	"math"
	"slices"

	"cellvi/model"
	"cellvi/model/de"
	"cellvi/pipeline"
)

// compared is a comparison's numbers, of each gene of the model.
type compared struct {
	comparison
	preferences         []de.Preference // mode vanilla
	effects             []de.Effect     // mode change
	pseudocounts, delta float64
	raw1, raw2          rawMeans // of the raw counts, where they were read
}

// comparer computes comparisons, one after the other.
type comparer struct {
	options DEOptions
	groups  *grouping
	raw     *rawStats // nil where nobody asks for it
	batches drawBatches
	draws   drawBlocks
	work    []de.Scratch // of each worker
}

// compare draws pairs of cells' posteriors and tests every gene with them.
func (c *comparer) compare(ctx context.Context, of comparison) (*compared, error) {
	one, two := c.groups.members(of)
	seed, n := of.seedOf(c.options.Seed, c.groups.key), c.batches.pairs(c.options.NSamples)
	c.draws.begin(seed,
		drawCells(model.Stream(seed, model.CellChoice, 0, 0), one, c.batches.one, n, c.batches),
		drawCells(model.Stream(seed, model.CellChoice, 0, 1), two, c.batches.two, n, c.batches))
	r := &compared{comparison: of}
	if c.raw != nil {
		r.raw1, r.raw2 = c.raw.groups(of)
	}
	if !c.options.change() {
		r.preferences = make([]de.Preference, c.draws.genes)
		return r, c.draws.each(ctx, func(worker, gene int, p de.Pairs) {
			r.preferences[gene] = de.Vanilla(p, &c.work[worker])
		})
	}
	return r, c.change(ctx, r)
}

// change tests the size of the change.
func (c *comparer) change(ctx context.Context, r *compared) (err error) {
	if r.pseudocounts, err = c.pseudocounts(ctx, r); err != nil {
		return err
	}
	if r.delta, err = c.delta(ctx, r.pseudocounts); err != nil {
		return err
	}
	r.effects = make([]de.Effect, c.draws.genes)
	test := de.Change{Pseudocounts: r.pseudocounts, Delta: r.delta, TwoSided: c.options.TestMode == "two"}
	return c.draws.each(ctx, func(worker, gene int, p de.Pairs) { r.effects[gene] = test.Effect(p, &c.work[worker]) })
}

// pseudocounts are the option's, or estimated from the genes that are not
// expressed in one of the groups.
func (c *comparer) pseudocounts(ctx context.Context, r *compared) (float64, error) {
	if c.options.Pseudocounts != nil {
		return *c.options.Pseudocounts, nil
	}
	most, err := c.draws.most(ctx)
	return de.Pseudocounts(absent(most[0], r.raw1.mean), absent(most[1], r.raw2.mean), c.draws.genes), err
}

// absent keeps the values of genes that are not expressed.
func absent(values, mean []float64) (kept []float64) {
	for g, v := range values {
		if mean[g] < de.ThresholdCounts {
			kept = append(kept, v)
		}
	}
	return kept
}

// delta is the option's, or estimated from the mean fold changes of all genes.
func (c *comparer) delta(ctx context.Context, pseudocounts float64) (float64, error) {
	if !c.options.EstimateDelta {
		return c.options.Delta, nil
	}
	means := make([]float64, c.draws.genes)
	err := c.draws.each(ctx, func(worker, gene int, p de.Pairs) {
		means[gene] = de.MeanFoldChange(p, pseudocounts, &c.work[worker])
	})
	if err != nil {
		return 0, err
	}
	delta, err := de.Delta(means)
	if err != nil {
		return 0, pipeline.Usage("--estimate-delta: %w: give --delta", err)
	}
	return delta, nil
}

// decodings is how often a comparison's draws are looked at.
func (c *comparer) decodings() int {
	n := c.draws.blocks()
	if c.options.EstimateDelta {
		n += c.draws.blocks()
	}
	if c.options.estimatesPseudocounts() {
		n++
	}
	return n
}

// order lists the genes as they are written: by probability of a change, or by
// Bayes factor, the largest first. Where these are equal, as they are where all
// pairs agree, the larger change comes first, in mode vanilla that of the means.
func (r *compared) order() []int {
	ranks := make([]de.Rank, max(len(r.effects), len(r.preferences)))
	for g := range ranks {
		if r.effects != nil {
			ranks[g] = de.Rank{Key: r.effects[g].DE.P, Tie: math.Abs(r.effects[g].LFC.Mean), Gene: g}
		} else {
			p := r.preferences[g]
			ranks[g] = de.Rank{Key: p.BayesFactor, Tie: math.Log(p.Scale1 / p.Scale2), Gene: g}
		}
	}
	slices.SortFunc(ranks, de.Rank.Compare)
	genes := make([]int, len(ranks))
	for i, rank := range ranks {
		genes[i] = rank.Gene
	}
	return genes
}
