package vi

import (
	"math"
	"math/rand/v2"
)

// Mixed is Σ_k Weights_k N(Means_k, Σ_k): components have covariances of their own, so that each may
// lie along its part of a bent posterior.
type Mixed struct {
	Weights    []float64 // (K), which sum to 1
	Components []Gaussian
}

// Dim is L.
func (m *Mixed) Dim() int { return m.Components[0].Dim() }

// Draw chooses a component by its weight and draws from it.
func (m *Mixed) Draw(rng *rand.Rand, z []float64) {
	u := rng.Float64()
	for k, w := range m.Weights {
		if u -= w; u < 0 || k == len(m.Weights)-1 {
			m.Components[k].Draw(rng, z)
			return
		}
	}
}

// LogDensity is log Σ_k w_k N(z; …).
func (m *Mixed) LogDensity(z []float64) float64 {
	top, sum := math.Inf(-1), 0.0
	for k, c := range m.Components {
		v := math.Log(m.Weights[k]) + c.LogDensity(z)
		if v > top {
			sum, top = sum*math.Exp(top-v)+1, v
		} else {
			sum += math.Exp(v - top)
		}
	}
	return top + math.Log(sum)
}

// Score adds the components' by their responsibilities.
func (m *Mixed) Score(z, grad []float64) float64 {
	n := len(z)
	var room [maxStack]float64
	s := scratch(room[:], n)
	log := m.LogDensity(z)
	clear(grad)
	for k, c := range m.Components {
		r := math.Exp(math.Log(m.Weights[k]) + c.Score(z, s) - log)
		for i := range grad {
			grad[i] += r * s[i]
		}
	}
	return log
}

// Moments are the mixture's: the covariance has the components' and that of their means.
func (m *Mixed) Moments(mean, cov []float64) {
	n := m.Dim()
	own := make([]float64, n*n)
	clear(mean)
	clear(cov)
	for k, c := range m.Components {
		for i := range n {
			mean[i] += m.Weights[k] * c.Mean[i]
		}
	}
	for k, c := range m.Components {
		timesTransposed(own, c.Chol, n)
		for i := range n {
			for j := range n {
				cov[i*n+j] += m.Weights[k] * (own[i*n+j] + (c.Mean[i]-mean[i])*(c.Mean[j]-mean[j]))
			}
		}
	}
}

// mixtureFamily is Mixture: each component's parameters as Full's, then the logarithms of
// the weights but for a constant.
type mixtureFamily struct {
	Mixed
	p    []float64
	each int // parameters of a component
}

func newMixtureFamily(m Mixed) *mixtureFamily {
	f := &mixtureFamily{Mixed: Mixed{Weights: append([]float64(nil), m.Weights...)}}
	for _, c := range m.Components {
		g := newGaussianFamily(c, true)
		f.Components = append(f.Components, g.Gaussian)
		f.p, f.each = append(f.p, g.p...), len(g.p)
	}
	for _, w := range m.Weights {
		f.p = append(f.p, math.Log(w))
	}
	f.settle()
	return f
}

func (f *mixtureFamily) parameters() []float64  { return f.p }
func (f *mixtureFamily) strata() []float64      { return f.Weights }
func (f *mixtureFamily) entropy([]float64)      {}
func (f *mixtureFamily) owner(int) int          { return -1 }
func (f *mixtureFamily) factors(_, _ []float64) {}

func (f *mixtureFamily) settle() {
	for k, c := range f.Components {
		c.load(f.p[k*f.each:], true)
	}
	softmax(f.Weights, f.p[len(f.Components)*f.each:])
}

// softmax writes exp(x) over its sum.
func softmax(out, x []float64) {
	top, sum := math.Inf(-1), 0.0
	for _, v := range x {
		top = max(top, v)
	}
	for k, v := range x {
		out[k] = math.Exp(v - top)
		sum += out[k]
	}
	for k := range x {
		out[k] /= sum
	}
}

func (f *mixtureFamily) path(k int, noise, z []float64) { f.Components[k].place(noise, z) }

func (f *mixtureFamily) pull(k int, noise, g, to []float64) {
	f.Components[k].pull(noise, g, to[k*f.each:(k+1)*f.each], true, f.Weights[k])
}

// weigh: the derivative of weight k in the logarithm of weight j is w_k (δ_kj − w_j).
func (f *mixtureFamily) weigh(values, to []float64) {
	at, mean := len(f.Components)*f.each, dot(f.Weights, values)
	for k, w := range f.Weights {
		to[at+k] += w * (values[k] - mean)
	}
}

func (f *mixtureFamily) log(z, to []float64) float64 {
	clear(to)
	at, log := len(f.Components)*f.each, f.LogDensity(z)
	for k, c := range f.Components {
		r := math.Exp(math.Log(f.Weights[k]) + c.LogDensity(z) - log)
		c.score(z, to[k*f.each:(k+1)*f.each], true, r)
		to[at+k] = r - f.Weights[k]
	}
	return log
}

func (f *mixtureFamily) plain(widen float64) Approximation { return f.widened(widen) }

// widened is a copy whose components' covariances are by times m's.
func (m *Mixed) widened(by float64) *Mixed {
	out := &Mixed{Weights: append([]float64(nil), m.Weights...)}
	for _, c := range m.Components {
		out.Components = append(out.Components, c.widened(by))
	}
	return out
}
