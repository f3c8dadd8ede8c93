package de

import "math"

// Discoveries is how many of the genes, by descending probability of being
// differentially expressed, may be reported: the most of which the expected
// share of false ones, the mean of 1 − p, is not above target.
func Discoveries(descending []float64, target float64) int {
	n, expected := 0, 0.0
	for i, p := range descending {
		expected += 1 - p
		if expected/float64(i+1) <= target {
			n = i + 1
		}
	}
	return n
}

// Rank is what genes are ordered by: by Key, where these are equal by Tie, then
// in their own order, the larger first. scvi-tools leaves the order of equal
// genes open; there are many where the probability is 1.
type Rank struct {
	Key, Tie float64
	Gene     int
}

// Compare is negative where a comes before b.
func (a Rank) Compare(b Rank) int {
	switch {
	case a.Key != b.Key:
		return descending(a.Key, b.Key)
	case a.Tie != b.Tie:
		return descending(a.Tie, b.Tie)
	}
	return a.Gene - b.Gene
}

func descending(a, b float64) int {
	if a > b || math.IsNaN(b) && !math.IsNaN(a) {
		return -1
	}
	return 1
}
