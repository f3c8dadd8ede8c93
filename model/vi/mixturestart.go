package vi

import "math"

// begin goes from the Gaussian to the components. A new one starts where a point is known at which p is far
// above the mixture so far, another mode; and where there is none beside the Gaussian, a little aside,
// in one direction after another.
func (s *mixing) begin() {
	g, _ := s.base.fitted().Q.(Gaussian)
	n := g.Dim()
	s.q = Mixed{Weights: []float64{1}, Components: []Gaussian{g.clone()}}
	aside := make([]float64, n*n)
	orthogonal(aside, n, s.rng)
	for k := 1; k < s.plan.o.Components; k++ {
		c := g.clone()
		if at := s.short(); at >= 0 {
			copy(c.Mean, s.pool.z[at*n:(at+1)*n])
			s.widest(c.Chol)
		} else {
			timesLower(c.Mean, g.Chol, aside[(k-1)%n*n:(k-1)%n*n+n])
			for i := range n {
				c.Mean[i] = g.Mean[i] + mixtureApart*c.Mean[i]
			}
		}
		s.q.Components = append(s.q.Components, c)
		s.q.Weights = append(s.q.Weights, 1)
		for j := range s.q.Weights {
			s.q.Weights[j] = 1 / float64(len(s.q.Weights))
		}
	}
	for k, c := range s.q.Components {
		p := part{place: newPlace(c), f: s.plan.rule.newFrame(), m: newMoments(n)}
		s.q.Components[k] = Gaussian{p.mean, p.w}
		s.parts = append(s.parts, p)
	}
	s.grad, s.pace = make([]float64, n), newSchedule(s.plan.o)
}

// short is the known point at which log p − log q is largest, where that is above what a mode's own
// points reach; −1: there is none.
func (s *mixing) short() int {
	n := len(s.base.mean)
	best, at := s.base.pace.value()+float64(n)/2+5, -1
	for i, p := range s.pool.logP {
		if v := p - s.q.LogDensity(s.pool.z[i*n:(i+1)*n]); v > best {
			best, at = v, i
		}
	}
	return at
}

// widest halves the start's triangle: a mode that nothing is known of but a point.
func (s *mixing) widest(chol []float64) {
	for i, v := range s.first.Chol {
		chol[i] = 0.5 * v
	}
}

// fitted adds the wide component.
func (s *mixing) fitted() Fitted {
	n, by := float64(s.first.Dim()), s.plan.o.Widen
	after := s.pace.value() - 0.5*n*(by-1-math.Log(by)) // as natural's
	q := s.q.widened(by)
	if s.plan.o.Wide > 0 {
		q, after = q.defended(s.plan.o.Wide, wideScale), after+math.Log(1-s.plan.o.Wide)
	}
	return Fitted{Q: q, Before: s.base.pace.before, After: after, Converged: s.pace.done}
}

// The wide component bounds the weights p/q where the others leave p's tails to it (a
// defensive mixture, Hesterberg 1995, doi 10.1080/00401706.1995.10484303). It costs
// at most −log(1 − Wide) nats of ELBO.
const wideScale = 1.4 // times the mixture's standard deviations

// defended is a copy with a component of the mixture's moments, widened.
func (m *Mixed) defended(weight, scale float64) *Mixed {
	n := m.Dim()
	mean, cov, c := make([]float64, n), make([]float64, n*n), make([]float64, n*n)
	m.Moments(mean, cov)
	out := &Mixed{}
	for k, w := range m.Weights {
		out.Weights = append(out.Weights, w*(1-weight))
		out.Components = append(out.Components, m.Components[k].clone())
	}
	if cholesky(c, cov, n, 0) {
		for i := range c {
			c[i] *= scale
		}
		out.Weights, out.Components = append(out.Weights, weight), append(out.Components, Gaussian{mean, c})
	}
	return out
}
