package de

import (
	"errors"
	"math"
)

// The constants of the estimate (scvi-tools 1.4.2, estimate_delta).
const (
	deltaShare = 0.6
	leastDelta = 0.1
)

// Delta estimates the least fold change that counts from the genes' mean fold
// changes (MeanFoldChange): a mixture of three normals is fitted to them, for
// genes that fall, stay and rise, and delta is 0.6 of the mean distance from 0
// of the lowest and the highest of the three, 0.1 at least. Any
// order of the genes gives the same.
func Delta(means []float64) (float64, error) {
	if len(means) < components {
		return 0, errors.New("fewer genes than the three groups of the mixture")
	}
	m := fitMixture(means)
	low, high := m.extremes()
	return max(leastDelta, deltaShare*(math.Abs(low)+math.Abs(high))/2), nil
}
