package de

import (
	"math"
	"slices"
)

// The constants of the estimate (scvi-tools 1.4.2, estimate_pseudocounts_offset
// and the defaults of get_bayes_factors).
const (
	// ThresholdCounts is the mean count below which a gene counts as not expressed
	// in a group.
	ThresholdCounts   = 0.01
	pseudoQuantile    = 0.9
	leastPseudocounts = 1e-10
)

// Pseudocounts estimates c, so that fold changes of genes that are not expressed
// shrink to 0. absent1 and absent2 are, of each gene that is not expressed in
// the first or second group, the largest draw of its share there: c is the
// larger of their 0.9 quantiles, divided by the number of all genes, 1e-10 at
// least. The slices are sorted.
func Pseudocounts(absent1, absent2 []float64, genes int) float64 {
	c := leastPseudocounts
	for _, absent := range [][]float64{absent1, absent2} {
		if len(absent) > 0 {
			slices.Sort(absent)
			c = max(c, quantile(absent, pseudoQuantile)/float64(genes))
		}
	}
	return c
}

// quantile is the q-quantile of a sorted sample, between its neighbours
// linearly, as numpy's default has it.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	low := math.Floor(at)
	i := int(low)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-low)*(sorted[i+1]-sorted[i])
}
