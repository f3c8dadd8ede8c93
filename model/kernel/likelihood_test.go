package kernel

import (
	"fmt"
	"math"
	"testing"
)

// variants is every likelihood with every kind of theta and delta, at sizes that
// leave rest loops.
func variants() []variant {
	var all []variant
	for l := NB; l <= AutoZI; l++ {
		for _, codes := range []int{0, 1, 2, 7, 19} {
			for _, size := range [][2]int{{1, 1}, {31, 3}, {32, 32}, {130, 31}, {200, 5}} {
				for _, fraction := range []float64{0, 0.25} {
					v := variant{l: l, codes: codes, deltaCodes: 1, cells: size[0], genes: size[1], fraction: fraction}
					if all = append(all, v); l == AutoZI {
						v.deltaCodes = 3
						all = append(all, v)
					}
				}
			}
		}
	}
	return all
}

func TestLikelihoodAgainstReference(t *testing.T) {
	for _, v := range variants() {
		for _, harsh := range []bool{false, true} {
			v.harsh = harsh
			d := v.draw()
			exact := open(Plain[float64](), d)
			Plain[float64]().Counts(v.l, exact)
			terms := max(1, largest(exact.A))
			Plain[float64]().Likelihood(v.l, exact)
			terms = max(terms, largest(exact.A))
			if harsh {
				terms *= 30 // x log x of millions
			}
			want := outputs(exact)
			for _, ops := range append(sets(), Plain[float32]()) {
				s := open(ops, d)
				ops.Counts(v.l, s)
				ops.Likelihood(v.l, s)
				for name, got := range outputs(s) {
					near(t, fmt.Sprintf("%T %v %s", ops, v, name), got, want[name], terms)
				}
			}
		}
	}
}

// near is compare for values that are differences of terms as large as the
// stripe's counts and gradients, each rounded to 24 bits.
func near(t *testing.T, name string, got []float32, want []float64, terms float64) {
	t.Helper()
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - w); !(d <= 3e-5*math.Abs(w)+3e-7*terms) {
			t.Errorf("%s[%d]: got %g, want %g (%g)", name, i, got[i], w, terms)
			return
		}
	}
}

func largest(x []float64) float64 {
	m := 0.0
	for _, v := range x {
		m = max(m, math.Abs(v))
	}
	return m
}

// What is no number shows in the log-probability: training stops by it.
func TestNotANumber(t *testing.T) {
	for _, ops := range append(sets(), Plain[float32]()) {
		for l := NB; l <= AutoZI; l++ {
			for _, nan := range []float32{float32(math.NaN()), float32(math.Copysign(math.NaN(), -1))} {
				for _, codes := range []int{0, 1} {
					d := variant{l: l, codes: codes, deltaCodes: 1, cells: 40, genes: 2}.draw()
					for name, spoil := range map[string]func(s *Stripe[float32]) []float32{
						"Y":  func(s *Stripe[float32]) []float32 { return s.Y },
						"R":  func(s *Stripe[float32]) []float32 { return s.R },
						"Pi": func(s *Stripe[float32]) []float32 { return s.Pi },
					} {
						s := open(ops, d)
						x := spoil(s)
						if x == nil || name == "R" && l == Poisson {
							continue
						}
						x[3] = nan
						ops.Counts(l, s)
						if ops.Likelihood(l, s); s.LL[3] == s.LL[3] {
							t.Errorf("%T likelihood %d: %s is not a number, log-probability %g", ops, l, name, s.LL[3])
						}
					}
				}
			}
		}
	}
}
