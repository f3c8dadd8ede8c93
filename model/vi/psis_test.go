package vi

import (
	"math"
	"testing"
)

// The reference is the paper's formula, written in Python apart from this package; weights are
// quantiles of Pareto's distribution, and of two others by a congruential generator. Tolerance 1e-10: the same sums in
// another order.
func TestKHatIsTheReference(t *testing.T) {
	for _, c := range []struct {
		draws   int
		k, want float64
	}{
		{512, 0.2, 0.24966120651325657}, {512, 0.7, 0.6602286395269464}, {512, 1.4, 1.2353827096842076},
		{100, 0.5, 0.49196002019884805}, {4000, 0.9, 0.8706076221517148},
	} {
		w := make([]float64, c.draws)
		for i := range w {
			w[i] = -c.k * math.Log1p(-(float64(i)+0.5)/float64(c.draws))
		}
		if got := KHat(w); math.Abs(got-c.want) > 1e-10 {
			t.Errorf("k %g of %d draws: %.15g, want %.15g", c.k, c.draws, got, c.want)
		}
	}
	logit, squares := make([]float64, 1000), make([]float64, 1000)
	for i, x := 0, uint32(12345); i < 1000; i++ {
		x = (1103515245*x + 12345) % (1 << 31)
		u := float64(x) / (1 << 31)
		logit[i], squares[i] = 2*math.Log(u/(1-u)), -(u*4)*(u*4)
	}
	if got := KHat(logit); math.Abs(got-1.759110923767597) > 1e-10 {
		t.Errorf("logits: %.15g", got)
	}
	if got := KHat(squares); math.Abs(got+1.909243228046275) > 1e-10 {
		t.Errorf("squares: %.15g", got)
	}
}

// Draws whose tail index is known: on average over 40 sets of 2,000 k-hat is within 0.1 of it
// below 1 and 0.2 above, where the fit and its prior at ½ are known to be low.
func TestKHatOfKnownTails(t *testing.T) {
	rng := stream(1, 2, 3)
	for _, k := range []float64{0.3, 0.7, 1.2} {
		sum := 0.0
		for range 40 {
			w := make([]float64, 2000)
			for i := range w {
				w[i] = -k * math.Log(1-rng.Float64())
			}
			sum += KHat(w) / 40
		}
		if math.Abs(sum-k) > 0.1*math.Ceil(k) {
			t.Errorf("k %g: %g on average", k, sum)
		}
	}
}

func TestKHatOfFewOrEqual(t *testing.T) {
	for _, w := range [][]float64{{}, {1, 2, 3}, make([]float64, 100), {math.NaN(), 1}} {
		if k := KHat(w); !math.IsInf(k, 1) {
			t.Errorf("%v: %g, want +Inf", w, k)
		}
	}
}

// Where q is p every weight is p(x): the bounds are log p(x), with no error.
func TestAssessExact(t *testing.T) {
	g := someGaussian(4, 1)
	a := Assess(gaussianTarget(g), []Approximation{g}, 50, 1, nil)[0]
	if math.Abs(a.ELBO) > 1e-12 || math.Abs(a.Bound) > 1e-12 || a.ELBOSE > 1e-12 || a.BoundSE > 1e-6 || math.Abs(a.ESS-50) > 1e-9 {
		t.Errorf("%+v", a)
	}
}

// Of a q that is not p the ELBO is −KL within its standard error (4 of them), and the
// bound nearer to log p(x) = 0.
func TestAssessGaussians(t *testing.T) {
	p, q := someGaussian(4, 1), someGaussian(4, 1).widened(1.5)
	q.Mean[0] += 0.3
	a := Assess(gaussianTarget(p), []Approximation{p, q}, 4000, 1, nil)[1]
	if math.Abs(a.ELBO+q.KL(p)) > 4*a.ELBOSE || math.Abs(a.Bound) > 4*a.BoundSE || a.KHat > 0.7 || a.ESS > 4000 {
		t.Errorf("%+v; KL is %g", a, q.KL(p))
	}
}
