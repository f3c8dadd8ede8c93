package kernel

import (
	"math"
	"testing"
)

// The values are of mpmath with 50 digits, from scvi-tools' formulas with
// eps = 1e-8 (Poisson and normal: PyTorch's).
func TestLogProbValues(t *testing.T) {
	for _, c := range []struct {
		l    Likelihood
		o    Observation
		want float64
	}{
		{NB, Observation{X: 7, Mu: 10, Theta: .3}, -3.74081344851},
		{ZINB, Observation{Mu: .5, Theta: 2, Pi: -1}, -0.305413125764402},
		{ZINB, Observation{X: 3, Mu: .5, Theta: 2, Pi: -1}, -4.20156811632905},
		{ZINB, Observation{Mu: 10, Theta: .3, Pi: 2}, -0.0811437311366197},
		{ZINB, Observation{X: 7, Mu: 10, Theta: .3, Pi: 2}, -5.86774145955086},
		{ZINB, Observation{Mu: 850, Theta: 12.5, Pi: -70}, -52.9263312591515},
		{ZINB, Observation{Mu: 850, Theta: 12.5, Pi: 75}, 0},
		{ZINB, Observation{X: 5, Mu: 2.5, Theta: 1e5, Pi: 60}, -62.7060318138698},
		{ZINB, Observation{X: 2.5, Mu: 3, Theta: .7, Pi: -3}, -2.3148301255803},
		{Poisson, Observation{X: 3, Mu: .5}, -4.37120101090789},
		{Poisson, Observation{Mu: 4}, -4},
		{Poisson, Observation{}, 0},
		{Poisson, Observation{X: 1000, Mu: 850.25}, -16.8477546008585},
		{Poisson, Observation{X: 2.5, Mu: 1.5}, -1.68731083207666},
		{Normal, Observation{X: 3, Mu: .5, Theta: 2}, -2.39333571376462},
		{Normal, Observation{Mu: 4, Theta: .05}, -3197.92320625965},
		{Normal, Observation{X: 1000, Mu: 850.25, Theta: 12.5}, -75.2048671775129},
		{AutoZI, Observation{Mu: .5, Theta: 2, Pi: -1, Delta: .3, MinDropout: .01}, -0.343031976841759},
		{AutoZI, Observation{X: 3, Mu: .5, Theta: 2, Pi: -1, Delta: .3, MinDropout: .01}, -4.10320454960838},
		{AutoZI, Observation{Mu: 850, Theta: 12.5, Pi: -70, Delta: .999, MinDropout: .01}, -11.5129154750202},
		{AutoZI, Observation{X: 7, Mu: 10, Theta: .3, Pi: 2, Delta: 1e-7, MinDropout: .01}, -5.87779087854951},
		{AutoZI, Observation{Mu: 10, Theta: .3, Pi: -4, Delta: .4}, -1.04065671856139},
		{AutoZI, Observation{X: 4, Mu: 10, Theta: .3, Pi: 40, Delta: .9, MinDropout: .01}, -3.37726149124385},
	} {
		if ll := c.o.LogProb(c.l); !(math.Abs(ll-c.want) <= 1e-11*math.Abs(c.want)+1e-14) {
			t.Errorf("likelihood %d of %+v: got %.15g, want %.15g", c.l, c.o, ll, c.want)
		}
	}
}

func TestSumsToOne(t *testing.T) {
	for _, l := range []Likelihood{NB, ZINB, Poisson, AutoZI} {
		for _, o := range []Observation{{Mu: 0.01, Theta: .5, Pi: 1, Delta: .3}, {Mu: 20, Theta: 3, Pi: -2, Delta: .9, MinDropout: .01}} {
			sum := 0.0
			for o.X = 0; o.X < 2000; o.X++ {
				sum += math.Exp(o.LogProb(l))
			}
			if math.Abs(sum-1) > 1e-5 { // eps = 1e-8 makes it 1 only to about eps/mu
				t.Errorf("likelihood %d at %+v: probabilities sum to %.9g", l, o, sum)
			}
		}
	}
}

// Without zero inflation ZINB is NB; with delta 1 AutoZI is, and with delta 0 and
// no least probability it is ZINB, all but for eps.
func TestLikelihoodsMeet(t *testing.T) {
	for _, x := range []float64{0, 1, 2.5, 40} {
		o := Observation{X: x, Mu: 3, Theta: .7, Pi: -60}
		meet(t, o.LogProb(ZINB), o.LogProb(NB), 1e-13)
		o.Pi, o.Delta, o.MinDropout = 1, 1, 0.01
		meet(t, o.LogProb(AutoZI), o.LogProb(NB), 1e-7)
		o.Delta, o.MinDropout = 0, 0
		meet(t, o.LogProb(AutoZI), o.LogProb(ZINB), 1e-6)
	}
}

func meet(t *testing.T, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*math.Abs(want)) {
		t.Errorf("got %.12g, want %.12g", got, want)
	}
}

// Every derivative that a stripe leaves is that of the sum of LL over cells, by
// central differences, for every likelihood and whosever theta and delta are.
func TestStripeDerivatives(t *testing.T) {
	for l := NB; l <= AutoZI; l++ {
		for _, codes := range [][2]int{{0, 1}, {1, 1}, {3, 2}} {
			v := variant{l: l, codes: codes[0], deltaCodes: codes[1], cells: 9, genes: 4}
			d := v.draw()
			at := run(l, d)
			slope := func(name string, x []float64, got func(i int) float64) {
				for i := range x {
					was, h := x[i], 1e-5*math.Max(1e-2, math.Abs(x[i]))
					x[i] = was + h
					up := total(run(l, d))
					x[i] = was - h
					want := (up - total(run(l, d))) / (2 * h)
					if x[i] = was; !(math.Abs(got(i)-want) <= 2e-6*math.Abs(want)+2e-6+1e-14*math.Abs(up)/h) {
						t.Fatalf("%v d/d%s[%d]: got %.10g, finite difference %.10g", v, name, i, got(i), want)
					}
				}
			}
			slope("y", d.Y, func(i int) float64 { return at.A[i] / d.Y[i] })
			if l != Poisson {
				slope("r", d.Tab, func(i int) float64 { return at.DR[i] })
				slope("r", d.R, func(i int) float64 { return at.R[i] })
			}
			slope("pi", d.Pi, func(i int) float64 { return at.Pi[i] })
			if l == AutoZI {
				for k := range d.Delta {
					d.Delta[k] = 0.1 + 0.8*d.Delta[k] // away from the ends by more than the step
				}
				at = run(l, d)
				slope("delta", d.Delta, func(i int) float64 { return at.DDelta[i] })
			}
		}
	}
}

func run(l Likelihood, d *Stripe[float64]) *Stripe[float64] {
	s := open(Plain[float64](), d)
	Plain[float64]().Counts(l, s)
	Plain[float64]().Likelihood(l, s)
	return s
}

func total(s *Stripe[float64]) float64 {
	sum := 0.0
	for _, ll := range s.LL {
		sum += ll
	}
	return sum
}

// What is nobody's adds nothing, whatever stands there.
func TestNobodysCells(t *testing.T) {
	for l := NB; l <= AutoZI; l++ {
		for _, ops := range append(sets(), Plain[float32]()) {
			v := variant{l: l, codes: 2, deltaCodes: 2, cells: 5, genes: 3}
			d := v.draw()
			s, other := open(ops, d), open(ops, d)
			for j := range s.N {
				for b := s.Cells; b < s.LD; b++ {
					other.Y[j*s.LD+b] *= 3
					if s.Pi != nil {
						other.Pi[j*s.LD+b] = -5
					}
				}
			}
			for _, x := range []*Stripe[float32]{s, other} {
				ops.Counts(l, x)
				ops.Likelihood(l, x)
			}
			want := outputs(s)
			for name, got := range outputs(other) {
				for i := range got {
					if got[i] != want[name][i] || len(got) > 10 && len(got)%s.LD == 0 && i%s.LD >= s.Cells && got[i] != 0 {
						t.Fatalf("%T %v %s[%d]: got %g, want %g", ops, v, name, i, got[i], want[name][i])
					}
				}
			}
		}
	}
}
