package model

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Known answers of the normal and of Student's t.
func TestSure(t *testing.T) {
	for _, c := range []struct{ x, sd, degrees, lower, sign, beyond float64 }{
		{-2, 1, math.Inf(1), 2 - 1.6448536, 0.97724987, 0.93319280}, // delta 0.5
		{3, 1, 2, 3 - 2.9199856, 0.95226702, 0.93519414},
		{1, 0, 5, 1, 1, 1},
		{0.2, 0, 5, 0.2, 1, 0},
		{0, 0, 5, 0, 0.5, 0},
	} {
		s := Sure(c.x, c.sd, c.degrees, 0.5)
		if math.Abs(s.Lower-c.lower) > 1e-6 || math.Abs(s.Sign-c.sign) > 1e-6 || math.Abs(s.Beyond-c.beyond) > 1e-6 {
			t.Errorf("%+v: %+v", c, s)
		}
	}
}

// Variances drawn from the prior give its parameters back; equal ones are left equal.
func TestModerate(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const d0, s0, degrees = 6, 0.3, 3
	chi := func(d int) (sum float64) {
		for range d {
			z := rng.NormFloat64()
			sum += z * z
		}
		return sum
	}
	var variances, truth []float64
	for range 20000 {
		v := d0 * s0 / chi(d0)
		truth, variances = append(truth, v), append(variances, v*chi(degrees)/degrees)
	}
	shrunk, all := Moderate(variances, degrees)
	if math.Abs(all-d0-degrees) > 0.5 {
		t.Errorf("%.2f degrees of freedom, want %d", all, d0+degrees)
	}
	raw, better := 0.0, 0.0
	for i, v := range truth {
		raw += math.Pow(math.Log(variances[i]/v), 2)
		better += math.Pow(math.Log(shrunk[i]/v), 2)
	}
	if better > 0.3*raw {
		t.Errorf("shrunk they are off by %.3g, before by %.3g", better, raw)
	}
	shrunk, all = Moderate([]float64{2, 2, 2}, 4)
	if !math.IsInf(all, 1) || math.Abs(shrunk[0]/shrunk[2]-1) > 1e-12 {
		t.Errorf("equal variances become %v of %v degrees", shrunk, all)
	}
	if shrunk, all = Moderate([]float64{0, 3}, 4); shrunk[1] != 3 || all != 4 {
		t.Errorf("one variance becomes %v of %v degrees", shrunk, all)
	}
}

func TestInverseTrigamma(t *testing.T) {
	for _, y := range []float64{1e-4, 0.3, 1, 7, 1e3, 1e6} {
		if got := inverseTrigamma(trigamma(y)); math.Abs(got/y-1) > 1e-5 {
			t.Errorf("inverse of trigamma(%g) is %g", y, got)
		}
	}
}
