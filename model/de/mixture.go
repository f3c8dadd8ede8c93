package de

import (
	"math"
	"slices"
)

// components is the number of normals in the mixture.
const components = 3

// The constants of the fit: those of scikit-learn's GaussianMixture, which
// scvi-tools calls.
const (
	varianceFloor = 1e-6 // added to every variance
	fitTolerance  = 1e-3 // of the mean log likelihood
	fitRounds     = 100
)

// mixture is a mixture of normals in one dimension.
type mixture struct{ weight, mean, variance [components]float64 }

// fitMixture fits by expectation and maximization. It begins with the three
// clusters of least squared distance, which in one dimension are intervals and
// are found exactly: scikit-learn looks for them from a random start, so that
// its result, and scvi-tools' delta, differ from call to call.
func fitMixture(values []float64) *mixture {
	x := slices.Sorted(slices.Values(values))
	m := &mixture{}
	first, second := cutInThree(x)
	resp := make([][components]float64, len(x))
	for i := range resp {
		k := 0
		if i >= first {
			k++
		}
		if i >= second {
			k++
		}
		resp[i][k] = 1
	}
	m.maximize(x, resp)
	last := math.Inf(-1)
	for range fitRounds {
		likelihood := m.expect(x, resp)
		m.maximize(x, resp)
		if math.Abs(likelihood-last) < fitTolerance {
			break
		}
		last = likelihood
	}
	return m
}

// expect sets resp (n, 3) to the probabilities that a value is of a component,
// and gives the mean log likelihood.
func (m *mixture) expect(x []float64, resp [][components]float64) float64 {
	total := 0.0
	for i, v := range x {
		var logs [components]float64
		for k := range logs {
			d := v - m.mean[k]
			logs[k] = math.Log(m.weight[k]) - (math.Log(2*math.Pi*m.variance[k])+d*d/m.variance[k])/2
		}
		top, sum := slices.Max(logs[:]), 0.0
		for k := range logs {
			resp[i][k] = math.Exp(logs[k] - top)
			sum += resp[i][k]
		}
		for k := range logs {
			resp[i][k] /= sum
		}
		total += top + math.Log(sum)
	}
	return total / float64(len(x))
}

// maximize sets the components to what resp (n, 3) says of x.
func (m *mixture) maximize(x []float64, resp [][components]float64) {
	const tiny = 10 * 0x1p-52 // so that an empty component divides by no zero
	for k := range components {
		n, sum, squares := tiny, 0.0, 0.0
		for i, v := range x {
			n += resp[i][k]
			sum += resp[i][k] * v
		}
		m.mean[k] = sum / n
		for i, v := range x {
			squares += resp[i][k] * (v - m.mean[k]) * (v - m.mean[k])
		}
		m.weight[k], m.variance[k] = n/float64(len(x)), squares/n+varianceFloor
	}
}

// extremes are the lowest and highest means.
func (m *mixture) extremes() (low, high float64) {
	return slices.Min(m.mean[:]), slices.Max(m.mean[:])
}
