package vi

import (
	"math"
	"math/rand/v2"
)

// mixing fits a mixture: first its Gaussian, then K components by the natural gradients of each
// (Lin, Khan & Schmidt 2019, arXiv 1906.02914): with h = log p − log q and q_k = N(m_k, H_k⁻¹)
//
//	H_k ← H_k + ρ E_k[−∇²h],   m_k ← m_k + ρ H_k⁻¹ E_k[∇h],   log w_k ← log w_k + ρ E_k[h] + const.
//
// The expectations are a frame's of each component: strata, so that the choice of
// the component adds no noise, and weights have the exact gradient given E_k[h].
type mixing struct {
	plan  *plan
	rng   *rand.Rand
	base  *natural
	first Gaussian // where the problem's fit began
	pool  pool
	q     Mixed
	parts []part
	grad  []float64
	pace  schedule
}

// part is a component on its way.
type part struct {
	place
	f frame
	m moments
}

// pool is every point so far at which log p is known.
type pool struct{ z, logP []float64 }

const (
	mixtureRate  = 0.5 // of a step in the search
	mixtureLeap  = 1.0 // standard deviations of a component's mean in a step
	mixtureApart = 0.5 // standard deviations between a Gaussian and the components that begin with it
)

func newMixing(p *plan, start Gaussian, rng *rand.Rand) *mixing {
	return &mixing{plan: p, rng: rng, first: start, base: newNatural(p.plain, start, rng)}
}

func (s *mixing) ask(b *batch) {
	if s.parts == nil {
		s.base.ask(b)
		return
	}
	each := s.parts[0].f.points()
	b.size(each*len(s.parts), true, false)
	for k := range s.parts {
		c := &s.parts[k]
		c.f.draw(s.rng)
		c.f.write(b.z[k*each*b.dim:(k+1)*each*b.dim], c.mean, c.w)
	}
}

func (s *mixing) take(b *batch) bool {
	if s.parts == nil {
		s.pool.z, s.pool.logP = append(s.pool.z, b.z...), append(s.pool.logP, b.v.LogP...)
		if s.base.take(b) {
			s.begin()
		}
		return false
	}
	each, n, value := s.parts[0].f.points(), b.dim, 0.0
	for k := range s.parts {
		c := &s.parts[k]
		v := Values{LogP: b.v.LogP[k*each : (k+1)*each], Grad: b.v.Grad[k*each*n : (k+1)*each*n]}
		for i := range each { // h and its gradient
			at := (k*each + i) * n
			v.LogP[i] -= s.q.Score(b.z[at:at+n], s.grad)
			for j, g := range s.grad {
				v.Grad[i*n+j] -= g
			}
		}
		c.f.read(&c.m, v, c.w, nil, c.room)
		value += s.q.Weights[k] * c.m.value
	}
	s.move(s.gain(value), value)
	return s.pace.over()
}

// gain is what a whole step is expected to add to the ELBO, in nats, and turns every component's
// white into that which place.step wants.
func (s *mixing) gain(value float64) float64 {
	sum, n := 0.0, len(s.grad)
	for k := range s.parts {
		c := &s.parts[k]
		timesUpper(c.room, c.w, c.m.grad)
		own := 0.5*dot(c.room[:n], c.room[:n]) + 0.25*dot(c.m.white, c.m.white)
		sum += s.q.Weights[k] * (own + 0.5*(c.m.value-value)*(c.m.value-value))
		for i := range n {
			c.m.white[i*n+i]++
		}
	}
	return sum
}

func (s *mixing) move(gain, value float64) {
	rate := mixtureRate
	if s.pace.begin(value); s.pace.averaged > 0 {
		rate = min(mixtureRate, s.pace.average(gain, value))
	} else {
		s.pace.search(gain, value)
	}
	logs := make([]float64, len(s.parts))
	for k := range s.parts {
		c := &s.parts[k]
		c.step(&c.m, rate, mixtureLeap)
		logs[k] = math.Max(math.Log(s.q.Weights[k])+rate*min(1, max(-1, c.m.value-value)), -20)
	}
	softmax(s.q.Weights, logs)
}
