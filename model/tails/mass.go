package tails

import "math"

// mass is P(X = x) of x ≥ 1 by Loader's saddle-point expansion ("Fast and accurate
// computation of binomial probabilities", 2000), which loses no digits however large x
// and theta are:
//
//	exp(δ(x+theta) − δ(theta) − δ(x) − x·g(d/x) − theta·g(−d/theta)) / sqrt(2π x (1 + x/theta))
//
// with g(v) = v − log(1+v), δ the error of Stirling's formula, and d = (mu − x)/(1 + mu/theta).
func (d *law) mass(x float64) float64 {
	off := (d.mu - x) / (1 + d.mu*d.inverse)
	log := -stirling(x) - x*above(off/x)
	if d.inverse > 0 {
		log += stirling(x+d.theta) - stirling(d.theta) - d.theta*above(-off*d.inverse)
	}
	return math.Exp(log) / math.Sqrt(2*math.Pi*x*(1+x*d.inverse))
}

// above is v − log(1+v), which is never negative.
func above(v float64) float64 {
	if math.Abs(v) < 1e-4 { // its series: v·v has no cancellation
		return v * v * (0.5 - v*(1./3-v*(0.25-v/5)))
	}
	return v - math.Log1p(v)
}

// stirling is δ(n) = log Γ(n+1) − (n + 1/2) log n + n − log(2π)/2, from n = 15 on by its
// series (DLMF 5.11.1).
func stirling(n float64) float64 {
	if n < 15 {
		log, _ := math.Lgamma(n + 1)
		return log - (n+0.5)*math.Log(n) + n - 0.5*math.Log(2*math.Pi)
	}
	m := n * n
	return (1./12 - (1./360-(1./1260-(1./1680-1./1188/m)/m)/m)/m) / n
}
