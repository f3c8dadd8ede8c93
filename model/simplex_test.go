package model

import (
	"math"
	"testing"
)

// Moments on the simplex are those of many random draws, and of a Gaussian that is
// narrow those of its derivative.
func TestSimplexMoments(t *testing.T) {
	for _, l := range []int{2, 10, 40} {
		rng := Stream(1, Simulation, 0, uint64(l))
		mean, variance := make([]float32, 3*l), make([]float32, 3*l)
		for i := range mean {
			mean[i], variance[i] = float32(2*rng.NormFloat64()), float32(math.Exp(rng.NormFloat64()-1))
		}
		mean[0] = 300 // exp overflows
		got, second := make([]float32, 3*l), make([]float32, 3*l)
		simplexMoments(l, spreadNormals(simplexPoints, l), mean, variance, got, second)
		const draws = 200_000
		for b := range 3 {
			want, square := make([]float64, l), make([]float64, l)
			z := make([]float64, l)
			for range draws {
				for k := range z {
					z[k] = float64(mean[b*l+k]) + math.Sqrt(float64(variance[b*l+k]))*rng.NormFloat64()
				}
				softmaxRows(l, z)
				for k, v := range z {
					want[k] += v / draws
					square[k] += v * v / draws
				}
			}
			for k := range z {
				at := b*l + k
				if math.Abs(float64(got[at])-want[k]) > 3e-3 || math.Abs(float64(second[at])-(square[k]-want[k]*want[k])) > 3e-3 {
					t.Errorf("%d dimensions, cell %d, %d: mean %.5f, want %.5f; variance %.5f, want %.5f", l, b, k, got[at], want[k], second[at], square[k]-want[k]*want[k])
				}
			}
		}
	}
}
