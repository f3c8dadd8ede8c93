package vi

import (
	"math"
	"slices"
	"testing"
)

// exact are the options for known answers: no widening.
func exact(f Family) Options {
	o := DefaultOptions(f)
	o.Widen, o.Wide, o.Seed = 1, 0, 3
	return o
}

// A Gaussian posterior is met by the natural gradient exactly: the frame's rule has no
// error for a quadratic, so only rounding is left (tolerance: 1e-12 nats, of 10 numbers).
func TestConjugateGaussianIsExact(t *testing.T) {
	truth := []Gaussian{someGaussian(10, 1), someGaussian(10, 2)}
	target := gaussianTarget(truth...)
	for _, curved := range []bool{true, false} {
		o := exact(Full)
		o.Curvature = curved
		for i, f := range Fit(target, []Gaussian{standard(10, 1), standard(10, 1)}, o) {
			q := f.Q.(Gaussian)
			if kl := q.KL(truth[i]); !(kl < 1e-12) || !f.Converged || f.Steps > 6 {
				t.Errorf("curvature %v: problem %d: KL %g, converged %v in %d steps", curved, i, kl, f.Converged, f.Steps)
			}
			if math.Abs(f.After) > 1e-9 { // log p(x) is 0
				t.Errorf("ELBO %g, want 0", f.After)
			}
		}
	}
}

// The optimum of a diagonal q has the precision's diagonal, and the mean.
func TestDiagonalOfGaussian(t *testing.T) {
	truth := someGaussian(6, 5)
	want := NewDiagonal(truth.Mean, make([]float64, 6))
	v, h := make([]float64, 36), make([]float64, 36)
	invertLower(v, truth.Chol, 6)
	transposedTimes(h, v, 6)
	for i := range 6 {
		want.Chol[i*6+i] = 1 / math.Sqrt(h[i*6+i])
	}
	f := Fit(gaussianTarget(truth), []Gaussian{standard(6, 1)}, exact(Diag))[0]
	if kl := f.Q.(Gaussian).KL(want); !(kl < 1e-12) {
		t.Errorf("KL to the optimum %g", kl)
	}
	if math.Abs(f.After+want.KL(truth)) > 1e-9 {
		t.Errorf("ELBO %g, want %g", f.After, -want.KL(truth))
	}
}

// klStudent is KL(q‖p) of a Gaussian q to the Student-t, by quadrature.
func klStudent(q Gaussian) float64 {
	p, g, sum := student(), []float64{0}, 0.0
	const step = 1e-3
	for e := -10.0; e <= 10; e += step {
		z := []float64{q.Mean[0] + q.Chol[0]*e}
		sum += step * math.Exp(-0.5*e*e-0.5*log2Pi) * (q.LogDensity(z) - p.log(0, z, g))
	}
	return sum
}

// KL of N(0, 1) is 0.43 and of the best Gaussian, of standard deviation 1.26, 0.041. Natural
// gradient and Adam, by either estimator, come within 0.003 nats and 0.06 of them:
// the noise of some thousand draws.
func TestStudent(t *testing.T) {
	if kl := klStudent(standard(1, 1)); math.Abs(kl-0.43) > 0.005 {
		t.Errorf("KL of the standard normal %g, want 0.43", kl)
	}
	for _, o := range studentOptions() {
		f := Fit(student(), []Gaussian{standard(1, 1)}, o)[0]
		q := f.Q.(Gaussian)
		if kl := klStudent(q); math.Abs(kl-0.041) > 0.003 || math.Abs(q.Chol[0]-1.26) > 0.06 || math.Abs(q.Mean[0]-1) > 0.06 {
			t.Errorf("%s, %s: KL %g, want 0.041; N(%g, %g²), want N(1, 1.26²)", o.Optimizer, o.Estimator, kl, q.Mean[0], q.Chol[0])
		}
		if !f.Converged {
			t.Errorf("%s, %s: not converged in %d steps", o.Optimizer, o.Estimator, f.Steps)
		}
	}
}

func studentOptions() (all []Options) {
	for _, family := range []Family{Diag, Full} {
		for _, optimizer := range []Optimizer{Natural, Adam} {
			for _, estimator := range []Estimator{Reparameterization, ScoreFunction} {
				o := exact(family)
				o.Optimizer, o.Estimator, o.Samples, o.MaxSteps, o.Tolerance = optimizer, estimator, 64, 1000, 0.002
				if optimizer == Adam {
					o.Tolerance = 0.01
				} else if estimator == Reparameterization {
					o.Tolerance = 0.0005
				}
				if estimator == ScoreFunction {
					o.Samples = 256
				}
				all = append(all, o)
			}
		}
	}
	return all
}

// A diagonal Gaussian misses a banana; a flow has it, and a mixture better than a full Gaussian.
func TestBanana(t *testing.T) {
	kl := map[Family]float64{}
	for _, family := range []Family{Diag, Full, Mixture, Flow} {
		o := exact(family)
		o.Samples, o.Components, o.Tolerance, o.MaxSteps = 32, 5, 0.01, 200
		if family == Flow { // bend and stretch go together, step by step
			o.Tolerance, o.MaxSteps = 0.0005, 600
		}
		kl[family] = missing(t, banana(0.7), o)
	}
	t.Log(kl)
	if kl[Diag] < 0.3 || kl[Full] < 0.3 {
		t.Errorf("a Gaussian comes to KL %v: the target is not bent", kl)
	}
	if kl[Flow] > 0.05 || kl[Mixture] > 0.5*kl[Full] {
		t.Errorf("KL %v: expected the flow's under 0.05, the mixture's under half of the full Gaussian's", kl)
	}
}

// A Gaussian has one of two modes, KL log 2; a mixture both.
func TestBimodal(t *testing.T) {
	kl := map[Family]float64{}
	for _, family := range []Family{Diag, Full, Mixture} {
		o := exact(family)
		o.Samples, o.Components, o.Tolerance, o.MaxSteps = 32, 2, 0.01, 200
		f := Fit(bimodal(4), []Gaussian{NewDiagonal([]float64{1, 0.5}, []float64{16, 16})}, o)[0]
		kl[family] = -Assess(bimodal(4), []Approximation{f.Q}, 4000, 1, nil)[0].ELBO
	}
	t.Log(kl)
	if kl[Diag] < 0.6 || kl[Full] < 0.6 || kl[Mixture] > 0.02 {
		t.Errorf("KL %v: expected Gaussians' about log 2, the mixture's under 0.02", kl)
	}
}

// missing is KL(q‖p) of the fit to a normalized target, by 4,000 draws.
func missing(t *testing.T, target *function, o Options) float64 {
	t.Helper()
	f := Fit(target, []Gaussian{standard(target.dim, 1)}, o)[0]
	return -Assess(target, []Approximation{f.Q}, 4000, 1, nil)[0].ELBO
}

// What comes out for a problem has the same bits whoever is beside it.
func TestNeighboursChangeNothing(t *testing.T) {
	var truth []Gaussian
	for i := range 150 {
		truth = append(truth, someGaussian(3, uint64(i)))
	}
	bent := func(p int, z, grad []float64) float64 {
		l := truth[p].Score(z, grad)
		grad[0] -= 0.2 * z[0] * z[0] * z[0]
		return l - 0.05*z[0]*z[0]*z[0]*z[0]
	}
	for _, family := range []Family{Diag, Full, Mixture, Flow} {
		o := DefaultOptions(family)
		o.MaxSteps = 12
		start := slices.Repeat([]Gaussian{standard(3, 1)}, 150)
		for i := range start {
			o.Keys = append(o.Keys, uint64(1000+i))
		}
		all := Fit(&function{dim: 3, log: bent}, start, o)
		for _, i := range []int{0, 77, 149} {
			o.Keys = []uint64{uint64(1000 + i)}
			alone := Fit(&function{dim: 3, log: func(_ int, z, g []float64) float64 { return bent(i, z, g) }}, start[:1], o)
			z := []float64{0.1, 0.2, 0.3}
			if a, b := all[i], alone[0]; a.Q.LogDensity(z) != b.Q.LogDensity(z) || a.After != b.After || a.Evaluations != b.Evaluations {
				t.Errorf("%s: problem %d: %v alone, %v among others", family, i, b, a)
			}
		}
	}
}

func TestValidate(t *testing.T) {
	if err := DefaultOptions(Flow).Validate(3); err != nil {
		t.Error(err)
	}
	o := Options{Family: "round", Estimator: "guess", Optimizer: "luck", Keys: []uint64{1}}
	if err := o.Validate(2); err == nil || len(err.(interface{ Unwrap() []error }).Unwrap()) < 7 {
		t.Errorf("not every problem is told: %v", err)
	}
}
