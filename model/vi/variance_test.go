package vi

import (
	"math"
	"testing"
)

// product is Σ_i −(z_i − 1)²/8 − 5 of many coordinates: a Factored target, unnormalized as log p(x, z) is.
type product struct{ *function }

func newProduct(n int) product {
	one := func(z float64) float64 { return -(z-1)*(z-1)/8 - 5 }
	return product{&function{dim: n, log: func(_ int, z, grad []float64) float64 {
		sum := 0.0
		for i, x := range z {
			sum += one(x)
			grad[i] = -(x - 1) / 4
		}
		return sum
	}}}
}

func (p product) Parts(problems []int, z, parts []float64) {
	for i, x := range z {
		parts[i] = -(x-1)*(x-1)/8 - 5
	}
}

// All estimators have the same mean (within 5 standard errors), and each measure against variance lowers it.
func TestVariances(t *testing.T) {
	q := NewDiagonal([]float64{0, 0.5, 0, 0, 1, 1}, []float64{1, 2, 1, 3, 1, 2})
	target := newProduct(6)
	const repeats = 2000
	all := Variances(target, 0, Diag, q, 20, repeats, 4)
	of := map[string]float64{}
	for _, v := range all {
		of[v.Estimator] = v.Sum
		for i, m := range v.Mean {
			if se := math.Sqrt((v.Each[i] + all[0].Each[i]) / repeats); math.Abs(m-all[0].Mean[i]) > 5*se {
				t.Errorf("%s: gradient %d is %g, by reparameterization %g", v.Estimator, i, m, all[0].Mean[i])
			}
		}
	}
	t.Log(of)
	plain, controls, parts, both := of["score function"], of["score function, control variates"], of["score function, Rao-Blackwell"], of["score function, both"]
	if controls > 0.8*plain || parts > 0.5*plain || both > 0.9*parts || both > 0.9*controls {
		t.Errorf("score function's variance %g; with control variates %g, Rao-Blackwellized %g, both %g", plain, controls, parts, both)
	}
	if of["reparameterization"] > both {
		t.Errorf("reparameterization's variance %g, above the score function's %g", of["reparameterization"], both)
	}
}

// At the optimum sticking the landing has no variance, plain reparameterization has.
func TestStickingTheLanding(t *testing.T) {
	p := someGaussian(4, 1)
	all := Variances(gaussianTarget(p), 0, Full, p, 5, 50, 1)
	if all[1].Sum > 1e-20 || all[0].Sum < 0.1 {
		t.Errorf("variances %g and %g", all[0].Sum, all[1].Sum)
	}
}

// A mixture's two estimators agree in the mean (5 standard errors).
func TestMixtureEstimatorsAgree(t *testing.T) {
	q := &Mixed{Weights: []float64{0.4, 0.6}, Components: []Gaussian{standard(2, 1), NewDiagonal([]float64{1, 0.5}, []float64{0.5, 2})}}
	const repeats = 4000
	all := Variances(banana(0.3), 0, Mixture, q, 20, repeats, 4)
	path, score := all[0], all[2]
	for i := range path.Mean {
		if se := math.Sqrt((path.Each[i] + score.Each[i]) / repeats); math.Abs(path.Mean[i]-score.Mean[i]) > 5*se {
			t.Errorf("gradient %d: %g by paths, %g by %s", i, path.Mean[i], score.Mean[i], score.Estimator)
		}
	}
	if score.Sum < path.Sum || all[2].Sum > all[1].Sum {
		t.Errorf("variances: paths %g, score function %g, with control variates %g", path.Sum, all[1].Sum, all[2].Sum)
	}
}
