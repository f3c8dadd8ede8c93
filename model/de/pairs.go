package de

import "math"

// Pairs are draws of one gene's expected share in two groups, X of the first and Y of
// the second, equally many, in the order of their designs. Where there are several
// parts, one for each batch that both groups are decoded as, draws are compared
// within their part.
//
// Probabilities are over all pairs of a draw of X with a draw of Y, m² of them; fold
// changes are summarized over the m pairs (X[i], Y[i]).
type Pairs struct {
	X, Y     []float32 // (m)
	One, Two *Design   // of X and of Y, with the same number of strata
}

// Probability is the share of pairs of which something holds.
type Probability struct {
	P float64
	// Error is the Monte Carlo error of P: its standard deviation over choices of
	// cells and draws. With g(x) the share of all y for which it holds with x, and h(y)
	// that of all x,
	//
	//	Error² = Var(mean of g over X) + Var(mean of h over Y),
	//
	// each as its Design has it, the mean over strata of independent parts (DeLong,
	// DeLong & Clarke-Pearson 1988, doi 10.2307/2531595, for independent draws). It is
	// not below sqrt(1/2)/m, about what Jeffreys' prior leaves of m draws that agree: P
	// of 0 or 1 is not known exactly.
	Error float64
}

// complement is the Probability that it does not hold.
func (p Probability) complement() Probability { return Probability{1 - p.P, p.Error} }

// leastError is the least error of m draws.
func leastError(m int) float64 { return math.Sqrt(0.5) / float64(m) }

// mean is the mean of draws, summed in their order.
func mean(draws []float32) float64 {
	sum := 0.0
	for _, x := range draws {
		sum += float64(x)
	}
	return sum / float64(len(draws))
}

// bayesEps keeps the Bayes factor of a probability of 0 or 1 finite
// (scvi-tools 1.4.2, DifferentialComputation.get_bayes_factors).
const bayesEps = 1e-8

// BayesFactor is log(p+ε) − log(1−p+ε), ε = 1e-8: 18.4 where p is 1.
func BayesFactor(p float64) float64 { return math.Log(p+bayesEps) - math.Log(1-p+bayesEps) }
