package model

import (
	"math"
	"math/rand/v2"
)

// nbDrawer draws cells' negative binomial counts. Its slices are workspace, of
// the genes of one cell that may have a count.
type nbDrawer struct {
	gene  []uint32
	first []float64 // where in the gene's interval its first point is
	ratio []float64 // mu/theta
	log   []float64 // log(1 + ratio)
}

// append draws a cell's counts, x_g ~ NB(mean mu_g = library·rho_g, inverse
// dispersion theta_g), and appends the genes with a count above 0 and their counts.
//
// A negative binomial is a Poisson number of jumps, each with the logarithmic
// distribution (Quenouille, Biometrics 5:162, 1949):
//
//	x = Σ_{j=1…n} jump_j,   n ~ Poisson(theta·log(1 + mu/theta)),
//	P(jump = k) = q^k / (k·log(1 + mu/theta)),   q = mu/(mu + theta).
//
// So all genes of a cell share one Poisson process of rate 1 on a line, in which
// each gene has an interval, and the work is in the points, not in the genes:
// most genes of most cells have none. The interval is mu long, and only points
// before theta·log(1 + mu/theta) ≤ mu count: so the logarithm is needed only
// where there is a point. The three steps are loops of their own because each
// gene's logarithm would otherwise wait for the branches of the gene before.
func (d *nbDrawer) append(rng *rand.Rand, rho []float32, library float64, theta []float64, genes []uint32, counts []float64) ([]uint32, []float64) {
	d.find(rng, rho, library)
	d.logs(rho, library, theta)
	for i, g := range d.gene {
		at, end, x := d.first[i], theta[g]*d.log[i], 0.0
		for ; at < end; at += rng.ExpFloat64() {
			x += drawLogarithmic(rng, d.ratio[i], d.log[i])
		}
		if x > 0 {
			genes, counts = append(genes, g), append(counts, x)
		}
	}
	return genes, counts
}

// find notes the genes that have a point in their interval, and where the first
// is. The process has no memory: behind a noted gene it begins anew.
func (d *nbDrawer) find(rng *rand.Rand, rho []float32, library float64) {
	d.gene, d.first = d.gene[:0], d.first[:0]
	gap := rng.ExpFloat64() // from the interval's beginning to the next point
	for g, share := range rho {
		mu := float64(share) * library
		if gap >= mu {
			gap -= mu
			continue
		}
		d.gene, d.first = append(d.gene, uint32(g)), append(d.first, gap)
		gap = rng.ExpFloat64()
	}
}

// logs computes mu/theta and log(1 + mu/theta) of the genes noted.
func (d *nbDrawer) logs(rho []float32, library float64, theta []float64) {
	d.ratio, d.log = resize(d.ratio, len(d.gene)), resize(d.log, len(d.gene))
	for i, g := range d.gene {
		d.ratio[i] = float64(rho[g]) * library / theta[g]
	}
	for i, ratio := range d.ratio {
		d.log[i] = log1p(ratio)
	}
}

// log1p is log(1+x) for x ≥ 0 within 1e-12 of itself, twice as fast as math.Log1p.
func log1p(x float64) float64 {
	if x < 1e-3 { // 1+x has lost digits of x: the series, whose next term is x⁵/5
		return x * (1 - x*(1./2-x*(1./3-x/4)))
	}
	return math.Log(1 + x)
}

// drawLogarithmic draws from P(k) = q^k / (k·log(1+ratio)), k ≥ 1, with
// q = ratio/(1+ratio) = 1 − exp(−log): by inversion, or where that would take
// many steps as Kemp (Applied Statistics 30:249, 1981) does it, algorithm LK:
// given u uniform, k is geometric with P(k > m) = (1 − (1−q)^u)^m.
func drawLogarithmic(rng *rand.Rand, ratio, log float64) float64 {
	u := rng.Float64()
	if ratio > 20 { // the mean is above 6.5
		v := 1 - rng.Float64() // above 0
		return 1 + math.Floor(math.Log(v)/math.Log(-math.Expm1(-u*log)))
	}
	q := ratio / (1 + ratio)
	p, k := q/log, 1.0
	for u > p && p > 1e-18 { // below that rounding in u would keep the loop going
		u -= p
		p *= q * k / (k + 1)
		k++
	}
	return k
}
