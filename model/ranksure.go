package model

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Sureness is what is known of a number from its estimate and standard error.
type Sureness struct {
	Lower  float64 // of its size, at 95%, one-sided: |x| − t·sd; below 0 where its sign is open
	Sign   float64 // probability that its sign is the estimate's
	Beyond float64 // probability that it has this sign and its size is delta at least
}

// Sure is of an estimate x with standard error sd, whose variance rests on so many
// degrees of freedom: as of Student's t about x; with infinitely many, of the normal.
func Sure(x, sd, degrees, delta float64) Sureness {
	size := math.Abs(x)
	quantile, cdf := distuv.UnitNormal.Quantile, distuv.UnitNormal.CDF
	if degrees < 1e4 { // beyond it is normal to the third place
		t := distuv.StudentsT{Sigma: 1, Nu: degrees}
		quantile, cdf = t.Quantile, t.CDF
	}
	if sd == 0 {
		s := Sureness{Lower: size, Sign: 0.5}
		if size > 0 {
			s.Sign = 1
		}
		if size >= delta {
			s.Beyond = s.Sign
		}
		return s
	}
	return Sureness{Lower: size - quantile(0.95)*sd, Sign: cdf(size / sd), Beyond: cdf((size - delta) / sd)}
}

// Moderate shrinks variances, each of so many degrees of freedom, towards what they have
// in common, and gives their degrees of freedom after it: of the prior scaled inverse
// chi-squared with d0 degrees and scale s0²,
//
//	s̃² = (d0 s0² + d s²)/(d0 + d)
//
// with d0, s0² from the mean and variance of log s² (Smyth, Stat. Appl. Genet. Mol. Biol.
// 3, 2004, sections 4 and 6.2). Variances that are 0 tell nothing of the prior.
func Moderate(variances []float64, degrees float64) (shrunk []float64, all float64) {
	var e []float64
	for _, v := range variances {
		if v > 0 {
			e = append(e, math.Log(v)-mathext.Digamma(degrees/2)+math.Log(degrees/2))
		}
	}
	shrunk = make([]float64, len(variances))
	if len(e) < 2 {
		copy(shrunk, variances)
		return shrunk, degrees
	}
	mean, spread := stat.MeanVariance(e, nil)
	d0, s0 := math.Inf(1), math.Exp(mean)
	if excess := spread - trigamma(degrees/2); excess > 0 {
		d0 = 2 * inverseTrigamma(excess)
		s0 = math.Exp(mean + mathext.Digamma(d0/2) - math.Log(d0/2))
	}
	for i, v := range variances {
		shrunk[i] = s0
		if !math.IsInf(d0, 1) {
			shrunk[i] = (d0*s0 + degrees*v) / (d0 + degrees)
		}
	}
	return shrunk, d0 + degrees
}

// inverseTrigamma solves trigamma(y) = x by Newton's steps in 1/trigamma, which is
// nearly linear (Smyth 2004, appendix).
func inverseTrigamma(x float64) float64 {
	if x > 1e7 {
		return 1 / math.Sqrt(x)
	}
	if x < 1e-6 {
		return 1 / x
	}
	y := 0.5 + 1/x
	for range 50 {
		tri := trigamma(y)
		step := tri * (1 - tri/x) / (-2 * mathext.Zeta(3, y)) // DLMF 5.15.1: its derivative is −2 ζ(3, y)
		y += step
		if math.Abs(step) < 1e-10*y {
			break
		}
	}
	return y
}
