package hvg

import (
	"cmp"
	"math"
	"slices"
)

// Result is what the selection says of each gene. A gene that was not kept (see
// Options.Keep) has NaN variance and rank, 0 batches, and is not selected.
type Result struct {
	// VariancesNorm is the normalized variance, its mean over the batches.
	VariancesNorm []float64
	// Rank is the median of the gene's ranks by normalized variance (0: the most
	// variable) over those batches where it is below the number asked for, NaN
	// where there is no such batch.
	Rank []float64
	// NBatches is the number of batches where the rank is below that number.
	NBatches []int32
	// Selected marks the genes chosen.
	Selected []bool
	// Order is the chosen genes, best first.
	Order []int
}

// Select chooses the top genes by median rank, ties by the number of batches
// and then by the order of the genes (scanpy's last tie depends on its sort
// routine). Fewer are chosen where fewer are kept.
func (c *Clipped) Select(top int) *Result {
	r := &Result{
		VariancesNorm: make([]float64, c.genes), Rank: make([]float64, c.genes),
		NBatches: make([]int32, c.genes), Selected: make([]bool, c.genes),
	}
	kept := c.keptGenes()
	ranks := make([][]float64, c.genes) // per gene: its ranks below top
	present := 0
	for b := range c.batches {
		if c.cells[b] == 0 {
			continue
		}
		present++
		norm := c.Normalized(b)
		addTo(r.VariancesNorm, norm)
		for rank, g := range topByVariance(kept, norm, top) {
			ranks[g] = append(ranks[g], float64(rank))
		}
	}
	for g := range ranks {
		r.VariancesNorm[g] /= float64(present)
		r.Rank[g], r.NBatches[g] = median(ranks[g]), int32(len(ranks[g]))
		if !c.kept(g) {
			r.VariancesNorm[g] = math.NaN()
		}
	}
	r.choose(kept, top)
	return r
}

func (c *Clipped) keptGenes() []int {
	var kept []int
	for g := range c.genes {
		if c.kept(g) {
			kept = append(kept, g)
		}
	}
	return kept
}

// topByVariance is the first top genes in descending normalized variance; equal
// ones stay in the order of the genes.
func topByVariance(genes []int, norm []float64, top int) []int {
	order := slices.Clone(genes)
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(norm[b], norm[a]) })
	return order[:min(top, len(order))]
}

// choose orders the kept genes and marks the first top.
func (r *Result) choose(kept []int, top int) {
	slices.SortStableFunc(kept, func(a, b int) int {
		ra, rb := r.Rank[a], r.Rank[b]
		if math.IsNaN(ra) || math.IsNaN(rb) {
			return cmp.Compare(boolInt(math.IsNaN(ra)), boolInt(math.IsNaN(rb)))
		}
		return cmp.Or(cmp.Compare(ra, rb), cmp.Compare(r.NBatches[b], r.NBatches[a]))
	})
	r.Order = kept[:min(top, len(kept))]
	for _, g := range r.Order {
		r.Selected[g] = true
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// median sorts v in place; NaN for none.
func median(v []float64) float64 {
	n := len(v)
	if n == 0 {
		return math.NaN()
	}
	slices.Sort(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}
