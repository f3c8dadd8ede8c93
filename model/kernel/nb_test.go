package kernel

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
)

// logNB is the log-probability and its derivatives in mu and theta.
func logNB(x, mu, theta float64) (ll, dmu, dtheta float64) {
	ll, dmu, dtheta = nbMean(x, mu, theta)
	if x == 0 {
		return ll, dmu, dtheta
	}
	lg, dg := nbGamma(x, theta)
	return ll + lg, dmu, dtheta + dg
}

// The values are of mpmath with 50 digits, from the formula with eps = 1e-8;
// the first six also stand in scvi-tools' own terms.
func TestNBValues(t *testing.T) {
	for _, c := range []struct{ x, mu, theta, want float64 }{
		{0, .5, 2, -0.446287100628}, {3, .5, 2, -3.88830642881}, {7, 10, .3, -3.74081344851},
		{1000, 850.25, 12.5, -6.74806464556}, {1, 1e-9, 1, -18.3253705761}, {2, 3, 1e-6, -14.5086723094},
	} {
		if ll, _, _ := logNB(c.x, c.mu, c.theta); math.Abs(ll-c.want) > 1e-9*math.Abs(c.want) {
			t.Errorf("NB(%g; %g, %g) = %.12g, want %.12g", c.x, c.mu, c.theta, ll, c.want)
		}
	}
}

func TestNBSumsToOne(t *testing.T) {
	for _, c := range [][2]float64{{0.01, 0.5}, {3, 2}, {20, 100}, {5, 1e6}} {
		sum := 0.0
		for x := 0.0; x < 2000; x++ {
			ll, _, _ := logNB(x, c[0], c[1])
			sum += math.Exp(ll)
		}
		if math.Abs(sum-1) > 1e-5 { // eps = 1e-8 makes it 1 only to about eps/mu
			t.Errorf("mu %g theta %g: probabilities sum to %.9g", c[0], c[1], sum)
		}
	}
}

// As theta grows the negative binomial becomes Poisson; lgamma differences would
// be wrong by 2e-3 at theta = 1e12.
func TestNBBecomesPoisson(t *testing.T) {
	for _, x := range []float64{0, 1, 5, 40, 300} {
		mu := 7.5
		ll, _, _ := logNB(x, mu, 1e12)
		lf, _ := math.Lgamma(x + 1)
		if want := x*math.Log(mu) - mu - lf; math.Abs(ll-want) > 1e-7*math.Abs(want) {
			t.Errorf("x %g: got %.12g, Poisson %.12g", x, ll, want)
		}
	}
}

func TestNBDerivatives(t *testing.T) {
	for _, x := range []float64{0, 1, 2.5, 15, 16, 31, 33, 33.5, 250} {
		for _, mu := range []float64{1e-3, 0.7, 30} {
			for _, theta := range []float64{0.01, 1, 50, 1e4} {
				_, dmu, dtheta := logNB(x, mu, theta)
				central(t, "mu", dmu, mu, func(v float64) float64 { l, _, _ := logNB(x, v, theta); return l })
				central(t, "theta", dtheta, theta, func(v float64) float64 { l, _, _ := logNB(x, mu, v); return l })
			}
		}
	}
}

func central(t *testing.T, name string, got, at float64, f func(float64) float64) {
	t.Helper()
	want := fd.Derivative(f, at, &fd.Settings{Formula: fd.Central, Step: 1e-5 * at})
	if math.Abs(got-want) > 1e-5*math.Abs(want)+2e-9/at {
		t.Errorf("d/d%s at %g: got %.10g, finite difference %.10g", name, at, got, want)
	}
}
