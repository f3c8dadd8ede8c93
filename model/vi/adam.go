package vi

import (
	"math"
	"math/rand/v2"
)

// climbing fits any family by Adam (Kingma & Ba 2015, arXiv 1412.6980, its betas) on an estimate of the
// gradient from independent draws. The rate falls along a cosine to a hundredth, and q is the average
// of the parameters over about the last quarter of the steps.
//
// It stops when the ELBO's mean over the last quarter of the steps is not above that of the
// quarter before by twice the difference's standard error, and that error is under Tolerance.
type climbing struct {
	plan   *plan
	rng    *rand.Rand
	q      parametric
	d      draws
	grad   []float64
	m, v   []float64 // moving means of the gradient and of its square
	mean   []float64 // moving mean of the parameters
	values []float64
	done   bool
	t      Factored // where the target is and q has factors
	at     []int    // the problem's number, for each point
}

func newClimbing(p *plan, problem int, start Gaussian, rng *rand.Rand) *climbing {
	s := &climbing{plan: p, rng: rng, q: family(p.o, start, rng), at: []int{problem}}
	size := len(s.q.parameters())
	s.grad, s.m, s.v = make([]float64, size), make([]float64, size), make([]float64, size)
	s.mean = append(s.mean, s.q.parameters()...)
	if p.o.Family == Diag && p.o.Estimator == ScoreFunction {
		s.t = p.factored
	}
	return s
}

// family starts one at a Gaussian; a mixture's components around it.
func family(o Options, start Gaussian, rng *rand.Rand) parametric {
	switch o.Family {
	case Flow:
		return newFlowFamily(start)
	case Mixture:
		m := Mixed{}
		for range o.Components {
			c := start.clone()
			start.Draw(rng, c.Mean)
			m.Weights, m.Components = append(m.Weights, 1/float64(o.Components)), append(m.Components, c)
		}
		return newMixtureFamily(m)
	}
	return newGaussianFamily(start, o.Family == Full)
}

func (s *climbing) ask(b *batch) {
	if s.plan.o.Estimator == ScoreFunction {
		s.d.draw(s.q, s.plan.o.Samples, s.rng)
		b.size(s.d.n, false, false)
	} else {
		s.d.reparameterize(s.q, s.plan.o.Samples, s.rng)
		b.size(s.d.n, true, false)
	}
	copy(b.z, s.d.z)
}

func (s *climbing) take(b *batch) bool {
	if q, ok := s.q.(scored); ok && s.plan.o.Estimator == ScoreFunction {
		if s.t != nil {
			for len(s.at) < s.d.n {
				s.at = append(s.at, s.at[0])
			}
			s.d.parts = resize(s.d.parts, len(s.d.z))
			s.t.Parts(s.at[:s.d.n], s.d.z, s.d.parts)
		}
		s.d.score(q, b.v, way{score: true, parts: s.t != nil, controls: true}, s.grad)
	} else {
		s.d.path(s.q, b.v, true, s.grad)
	}
	s.values = append(s.values, s.d.value)
	s.move()
	s.done = len(s.values)%10 == 0 && s.still()
	return s.done || len(s.values) >= s.plan.o.MaxSteps
}

// move is Adam's step, upwards.
func (s *climbing) move() {
	const beta1, beta2, epsilon = 0.9, 0.999, 1e-8
	t := float64(len(s.values))
	fall := 0.5 * (1 + math.Cos(math.Pi*min(1, t/float64(s.plan.o.MaxSteps))))
	rate := s.plan.o.Rate * (0.01 + 0.99*fall)
	keep := 1 - 4/(t+4)
	c1, c2 := 1-math.Pow(beta1, t), 1-math.Pow(beta2, t)
	p := s.q.parameters()
	for i, g := range s.grad {
		s.m[i] = beta1*s.m[i] + (1-beta1)*g
		s.v[i] = beta2*s.v[i] + (1-beta2)*g*g
		p[i] += rate * (s.m[i] / c1) / (math.Sqrt(s.v[i]/c2) + epsilon)
		s.mean[i] = keep*s.mean[i] + (1-keep)*p[i]
	}
	s.q.settle()
}

// still is the stopping rule.
func (s *climbing) still() bool {
	quarter := len(s.values) / 4
	if quarter < 10 {
		return false
	}
	end := len(s.values)
	ma, va := meanVariance(s.values[end-2*quarter : end-quarter])
	mb, vb := meanVariance(s.values[end-quarter:])
	se := math.Sqrt((va + vb) / float64(quarter))
	return se < s.plan.o.Tolerance && mb-ma < 2*se
}

func (s *climbing) fitted() Fitted {
	copy(s.q.parameters(), s.mean)
	s.q.settle()
	after, _ := meanVariance(s.values[len(s.values)*3/4:])
	return Fitted{Q: s.q.plain(s.plan.o.Widen), Before: s.values[0], After: after, Converged: s.done}
}
