package vi

import (
	"math"
	"slices"
)

// KHat is the shape k of the generalized Pareto distribution that fits the largest
// importance weights exp(logWeights): Pareto-smoothed importance sampling's diagnostic
// (Vehtari, Simpson, Gelman, Yao & Gabry 2024, JMLR 25(72), arXiv 1507.02646). Weights
// have finite moments of order below 1/k; under 0.7 estimates of some hundred draws can
// be trusted. The tail is the min(S/5, 3√S) largest of S draws. +Inf where fewer than five are
// distinct from the cutoff, or none is finite.
func KHat(logWeights []float64) float64 {
	s := len(logWeights)
	w := slices.Clone(logWeights)
	slices.Sort(w)
	size := int(math.Min(float64(s)/5, 3*math.Sqrt(float64(s))))
	if size < 5 || math.IsInf(w[s-1], 0) || math.IsNaN(w[0]) {
		return math.Inf(1)
	}
	top := w[s-1]
	cutoff := math.Max(w[s-size-1]-top, math.Log(math.SmallestNonzeroFloat64))
	tail := w[:0]
	for _, v := range w[s-size:] {
		if v-top > cutoff {
			tail = append(tail, math.Exp(v-top)-math.Exp(cutoff))
		}
	}
	if len(tail) < 5 {
		return math.Inf(1)
	}
	return paretoShape(tail)
}

// paretoShape fits k to ascending excesses over a threshold by Zhang & Stephens'
// (2009, doi 10.1198/tech.2009.08017) posterior mean over a grid of b = k/σ, and draws
// it to ½ with the weight of ten observations (Vehtari et al. 2024, appendix C).
func paretoShape(x []float64) float64 {
	n := float64(len(x))
	grid := 30 + int(math.Sqrt(n))
	quarter := x[int(n/4+0.5)-1]
	b, l := make([]float64, grid), make([]float64, grid)
	for j := range grid {
		b[j] = (1-math.Sqrt(float64(grid)/(float64(j)+0.5)))/(3*quarter) + 1/x[len(x)-1]
		k := meanLog1p(b[j], x)
		l[j] = n * (math.Log(-b[j]/k) - k - 1)
	}
	top := slices.Max(l)
	sum, mean := 0.0, 0.0
	for j := range grid {
		p := math.Exp(l[j] - top)
		sum += p
		mean += p * b[j]
	}
	k := meanLog1p(mean/sum, x)
	return (n*k + 10*0.5) / (n + 10)
}

// meanLog1p is the mean of log(1 − b·x), the most likely k given b.
func meanLog1p(b float64, x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += math.Log1p(-b * v)
	}
	return s / float64(len(x))
}
