package report

import "math"

// LISI, the local inverse Simpson's index (Korsunsky et al., Nature Methods 16,
// 1289–1296, 2019, doi 10.1038/s41592-019-0619-0): to how many levels a cell's
// neighbours belong, from 1 to the number of levels.

// The search for a cell's β: as many steps and as close as in scib-metrics.
const (
	searchSteps = 50
	searchClose = 1e-5
)

// probabilities are p_j ∝ exp(−β d_j) of the neighbours, with the β at which
// their entropy is the logarithm of perplexity.
func (w *work) probabilities(near []neighbour, perplexity float64) []float64 {
	w.p = append(w.p[:0], make([]float64, len(near))...)
	beta, low, high := 1.0, math.Inf(-1), math.Inf(1)
	for try := 0; ; try++ {
		entropy := weigh(w.p, near, beta)
		above := entropy - math.Log(perplexity)
		if math.Abs(above) < searchClose || try == searchSteps {
			return w.p
		}
		switch {
		case above > 0 && math.IsInf(high, 1):
			low, beta = beta, beta*2
		case above > 0:
			low, beta = beta, (beta+high)/2
		case math.IsInf(low, -1):
			high, beta = beta, beta/2
		default:
			high, beta = beta, (beta+low)/2
		}
	}
}

// weigh sets p to exp(−β d), made to sum to 1, and gives its entropy. Distances
// are taken from the nearest: p is the same, and does not vanish.
func weigh(p []float64, near []neighbour, beta float64) (entropy float64) {
	sum, weighted := 0.0, 0.0
	for j, o := range near {
		d := o.distance - near[0].distance
		p[j] = math.Exp(-beta * d)
		sum += p[j]
		weighted += d * p[j]
	}
	for j := range p {
		p[j] /= sum
	}
	return math.Log(sum) + beta*weighted/sum
}

// inverseSimpson is 1/Σ_g P_g², where P_g is the mass of level g among the
// neighbours. mass is room for them.
func inverseSimpson(p []float64, near []neighbour, g groups, mass []float64) float64 {
	clear(mass)
	for j, o := range near {
		mass[g.codes[o.cell]] += p[j]
	}
	sum := 0.0
	for _, v := range mass {
		sum += v * v
	}
	return 1 / sum
}

// width is a cell's silhouette (Rousseeuw, Journal of Computational and Applied
// Mathematics 20, 53–65, 1987, doi 10.1016/0377-0427(87)90125-7): (b − a)/max(a, b)
// of its mean distance a to its own group and b to the nearest other. sums are of
// its distances to the cells of each group; 0 where it is alone.
func width(sums []float64, sizes []int, own int32) float64 {
	if sizes[own] < 2 {
		return 0
	}
	a, b := sums[own]/float64(sizes[own]-1), math.Inf(1)
	for g, s := range sums {
		if g != int(own) && sizes[g] > 0 {
			b = min(b, s/float64(sizes[g]))
		}
	}
	if math.IsInf(b, 1) || max(a, b) == 0 {
		return 0
	}
	return (b - a) / max(a, b)
}
