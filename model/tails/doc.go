// Package tails gives the probabilities of a count's tails: P(X < x), P(X = x) and
// P(X > x) of the likelihoods that the model has, each tail to full relative precision
// where it is small.
//
//	tails.go     Both, zero inflation, the normal; Count chooses the way
//	series.go    small counts, and counts that are nearly Poisson: sums of terms
//	fraction.go  large counts: the incomplete beta function's continued fraction
//	mass.go      P(X = x) of a large count, without cancellation
//	level.go     how many of many tests to report, without keeping them
//
// Data in: numbers. Data out: numbers. It imports nothing of cellvi; model and stages import it.
package tails
