package vi

import (
	"math"
	"math/rand/v2"
)

// flowing fits a flow: first its Gaussian, then in the coordinates that this whitens the map, by natural
// gradients with Fisher's information of KL at the identity. That is diagonal and known
// (flowFamily.metric), and near enough: the map is what is left after the Gaussian.
type flowing struct {
	plan  *plan
	rng   *rand.Rand
	base  *natural
	q     *flowFamily
	f     frame
	noise []float64 // (points, L)
	grad  []float64 // (L)
	step  []float64 // of the parameters
	pace  schedule
	usual float64   // gain of a step
	mean  []float64 // of the parameters, later ones weighing more
}

const (
	flowRate = 0.5 // of a step in the search
	flowLeap = 1.0 // nats: the most that a step is trusted to gain
)

func newFlowing(p *plan, start Gaussian, rng *rand.Rand) *flowing {
	return &flowing{plan: p, rng: rng, base: newNatural(p.plain, start, rng)}
}

func (s *flowing) ask(b *batch) {
	if s.q == nil {
		s.base.ask(b)
		return
	}
	s.f.draw(s.rng)
	b.size(s.f.points(), true, false)
	s.f.write(s.noise, nil, nil)
	n := b.dim
	for i := range b.n {
		s.q.place(s.noise[i*n:(i+1)*n], b.z[i*n:(i+1)*n])
	}
}

func (s *flowing) take(b *batch) bool {
	if s.q == nil {
		if s.base.take(b) {
			s.begin()
		}
		return false
	}
	n, value := b.dim, 0.0
	clear(s.step)
	for i := range b.n {
		eps, weight := s.noise[i*n:(i+1)*n], s.f.weight(i)
		logQ := s.q.scoreAt(eps, s.grad)
		value += weight * (b.v.LogP[i] - logQ)
		for k, g := range b.v.Grad[i*n : (i+1)*n] { // sticking the landing: the path alone
			s.grad[k] = weight * (g - s.grad[k])
		}
		s.q.pull(0, eps, s.grad, s.step)
	}
	gain := 0.0
	for k, g := range s.step {
		s.step[k] = g / s.q.metric[k]
		gain += 0.5 * g * s.step[k]
	}
	s.move(gain, value)
	return s.pace.over()
}

// begin goes from the Gaussian to the map.
func (s *flowing) begin() {
	g, _ := s.base.fitted().Q.(Gaussian)
	n := g.Dim()
	s.q, s.f = newFlowFamily(g), s.plan.rule.newFrame()
	s.noise, s.grad, s.step = make([]float64, s.f.points()*n), make([]float64, n), make([]float64, flowSize(n))
	s.mean, s.pace = make([]float64, flowSize(n)), newSchedule(s.plan.o)
}

// move takes the step. The metric is rough where p is far from the Gaussian, and steps of 1/k would
// then stop short: those of averaging fall as 1/√k, and what is averaged is where they lead (Polyak & Juditsky 1992),
// the k-th with weight k (Shamir & Zhang 2013, arXiv 1212.1824). A step is cut to what is usual.
func (s *flowing) move(gain, value float64) {
	rate := flowRate
	if s.pace.begin(value); s.pace.averaged > 0 {
		s.pace.average(gain, value)
		rate /= math.Sqrt(float64(s.pace.averaged))
	} else {
		s.pace.search(gain, value)
	}
	if s.usual == 0 {
		s.usual = min(gain, flowLeap)
	}
	leap := min(flowLeap, 2*s.usual)
	s.usual += 0.2 * (min(gain, leap) - s.usual)
	rate *= math.Min(1, math.Sqrt(leap/(gain+1e-300)))
	share := 2 / float64(s.pace.averaged+1)
	for k, d := range s.step {
		p := &s.q.Parameters[k]
		*p += rate * d
		s.mean[k] += min(1, share) * (*p - s.mean[k])
	}
}

func (s *flowing) fitted() Fitted {
	copy(s.q.Parameters, s.mean)
	n, by := float64(s.q.Dim()), s.plan.o.Widen
	after := s.pace.value() - 0.5*n*(by-1-math.Log(by)) // as natural's
	return Fitted{Q: s.q.plain(by), Before: s.base.pace.before, After: after, Converged: s.pace.done}
}
