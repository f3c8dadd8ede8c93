package vi

import (
	"math"
	"math/rand/v2"
	"testing"
)

// families are one of each, at random parameters.
func families() map[Family]parametric {
	rng := rand.New(rand.NewPCG(8, 9))
	m := Mixed{Weights: []float64{0.2, 0.5, 0.3}, Components: []Gaussian{someGaussian(4, 1), someGaussian(4, 2), someGaussian(4, 3)}}
	all := map[Family]parametric{
		Diag: newGaussianFamily(NewDiagonal([]float64{1, 2, 3, -1}, []float64{0.5, 2, 1, 0.1}), false),
		Full: newGaussianFamily(someGaussian(4, 7), true), Mixture: newMixtureFamily(m), Flow: newFlowFamily(someGaussian(4, 6)),
	}
	for i, p := 0, all[Flow].parameters(); i < len(p); i++ {
		p[i] = 0.3 * rng.NormFloat64()
	}
	return all
}

// slope is the central difference of f in x.
func slope(x *float64, f func() float64) float64 {
	const h = 1e-6
	was := *x
	*x = was + h
	up := f()
	*x = was - h
	down := f()
	*x = was
	return (up - down) / (2 * h)
}

func near(got, want float64) bool { return math.Abs(got-want) <= 1e-6*(1+math.Abs(want)) }

// Score is the gradient of LogDensity in z.
func TestScores(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for name, f := range families() {
		z, grad := make([]float64, 4), make([]float64, 4)
		for range 20 {
			f.Draw(rng, z)
			if log := f.Score(z, grad); !near(log, f.LogDensity(z)) {
				t.Errorf("%s: Score says log q = %g, LogDensity %g", name, log, f.LogDensity(z))
			}
			for i := range z {
				if want := slope(&z[i], func() float64 { return f.LogDensity(z) }); !near(grad[i], want) {
					t.Errorf("%s: in z_%d %g, differences %g", name, i, grad[i], want)
				}
			}
		}
	}
}

// pull is the gradient of w·z(noise) in the parameters, for a fixed direction w; of a
// mixture each component's, times its weight.
func TestReparameterizedGradients(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for name, f := range families() {
		z, noise, w := make([]float64, 4), make([]float64, 4), []float64{1, -2, 0.5, 3}
		p := f.parameters()
		for k, weight := range f.strata() {
			for i := range noise {
				noise[i] = rng.NormFloat64()
			}
			got := make([]float64, len(p))
			f.pull(k, noise, w, got)
			for i := range p {
				want := weight * slope(&p[i], func() float64 {
					f.settle()
					f.path(k, noise, z)
					return dot(w, z)
				})
				f.settle()
				if !near(got[i], want) {
					t.Errorf("%s: component %d: parameter %d: %g, differences %g", name, k, i, got[i], want)
				}
			}
		}
	}
}

// log's gradient is that of the log density in the parameters, weigh's that of the
// weights.
func TestScoreFunctions(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for name, family := range families() {
		f, ok := family.(scored)
		if !ok {
			continue
		}
		z, p := make([]float64, 4), f.parameters()
		got, weights, values := make([]float64, len(p)), make([]float64, len(p)), []float64{1, 5, -2}
		f.Draw(rng, z)
		f.log(z, got)
		f.weigh(values[:len(f.strata())], weights)
		for i := range p {
			want := slope(&p[i], func() float64 { f.settle(); return f.LogDensity(z) })
			of := slope(&p[i], func() float64 { f.settle(); return dot(f.strata(), values[:len(f.strata())]) })
			f.settle()
			if !near(got[i], want) || !near(weights[i], of) {
				t.Errorf("%s: parameter %d: %g and %g, differences %g and %g", name, i, got[i], weights[i], want, of)
			}
		}
	}
}

// A flow's density is 1 over the volume that its map makes of eps: log q(z(eps)) is
// log N(eps) − log det, the determinant by differences; and its inverse is one.
func TestFlowDensity(t *testing.T) {
	f := families()[Flow].(*flowFamily)
	eps, z, back := []float64{0.3, -1.2, 0.8, 2}, make([]float64, 4), make([]float64, 4)
	f.place(eps, z)
	f.noise(z, back)
	log := -0.5*dot(eps, eps) - 2*log2Pi
	for i := range eps {
		if !near(back[i], eps[i]) {
			t.Errorf("eps_%d %g comes back as %g", i, eps[i], back[i])
		}
		to := make([]float64, 4) // Chol is a triangle, and so is the map's derivative
		log -= math.Log(slope(&eps[i], func() float64 { f.place(eps, to); return to[i] }))
	}
	if got := f.LogDensity(z); !near(got, log) {
		t.Errorf("log density %g, want %g", got, log)
	}
}

// Moments are those of draws (200,000: tolerance 2% of the scale).
func TestMoments(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	m := &Mixed{Weights: []float64{0.3, 0.7}, Components: []Gaussian{someGaussian(2, 1), someGaussian(2, 2)}}
	for _, q := range []Approximation{someGaussian(2, 3), m} {
		mean, cov, z := make([]float64, 2), make([]float64, 4), make([]float64, 2)
		q.Moments(mean, cov)
		const draws = 200000
		var s, ss [2]float64
		for range draws {
			q.Draw(rng, z)
			for i, v := range z {
				s[i] += v / draws
				ss[i] += (v - mean[i]) * (v - mean[i]) / draws
			}
		}
		for i := range 2 {
			sd := math.Sqrt(cov[i*3])
			if math.Abs(s[i]-mean[i]) > 0.02*sd || math.Abs(ss[i]-cov[i*3]) > 0.02*sd*sd {
				t.Errorf("%T: coordinate %d: mean %g and variance %g, draws' %g and %g", q, i, mean[i], cov[i*3], s[i], ss[i])
			}
		}
	}
}
