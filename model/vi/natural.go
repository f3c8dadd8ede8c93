package vi

import (
	"math"
	"math/rand/v2"
)

// natural fits a Gaussian by natural gradients: variational online Newton (Khan & Rue
// 2023, JMLR 24(281), eq. 12) with H the expected negative second derivative,
//
//	H    ← (1−ρ) H + ρ E_q[−∇² log p]        q's precision; its diagonal where q is diagonal
//	mean ← mean + ρ H⁻¹ E_q[∇ log p]
//
// whose fixed point is the ELBO's optimum. The expectations are a frame's. H is kept whole
// for a diagonal q as well: E_q ∇ log p = 0 is what the mean must meet in either family, and
// Newton's step towards it does not care for q's shape.
type natural struct {
	plan *plan
	rng  *rand.Rand
	f    frame

	place            // w·wᵀ = H⁻¹
	q      []float64 // q's triangle: w itself, or a diagonal
	back   []float64 // q⁻¹·w where q is diagonal, else nil
	m      moments
	scored *byScore // nil: by reparameterization
	newton *newton  // the steps before the first frame; nil: over
	seen   reached
	radius float64 // the longest step of the mean, in standard deviations
	rho    float64
	pace   schedule
}

// reached is where the search was when its objective was last known not to have fallen.
type reached struct {
	mean, w []float64
	m       moments
	value   float64
	any     bool
	refused int
}

const (
	longest  = 4.0 // standard deviations of a step of the mean in the search
	slack    = 1.0 // nats: the loss of ELBO that may be a frame's noise
	slide    = 5.0 // nats: likewise, while steps are averaged
	refusals = 6   // in a row, before a search is taken to have ended
)

func newNatural(p *plan, start Gaussian, rng *rand.Rand) *natural {
	n := start.Dim()
	s := &natural{plan: p, rng: rng, f: p.rule.newFrame(), place: newPlace(start), m: newMoments(n), radius: longest, rho: 1, pace: newSchedule(p.o)}
	s.q = s.w
	if p.o.Family == Diag {
		s.q, s.back = make([]float64, n*n), make([]float64, n*n)
	}
	s.seen = reached{mean: make([]float64, n), w: make([]float64, n*n), m: newMoments(n)}
	if p.o.Estimator == ScoreFunction {
		s.scored = &byScore{}
	}
	if p.curved {
		s.newton = &newton{}
	}
	s.settle()
	return s
}

// settle makes q of H.
func (s *natural) settle() {
	if s.back == nil {
		return
	}
	n := len(s.mean)
	invertLower(s.y, s.w, n)
	for i := range n {
		h := 0.0
		for k := i; k < n; k++ {
			h += s.y[k*n+i] * s.y[k*n+i]
		}
		s.q[i*n+i] = 1 / math.Sqrt(h)
		for k := range i + 1 {
			s.back[i*n+k] = s.w[i*n+k] * math.Sqrt(h)
		}
	}
}

func (s *natural) ask(b *batch) {
	if s.newton != nil {
		s.newton.ask(s, b)
		return
	}
	if s.scored != nil {
		s.askScore(b)
		return
	}
	s.f.draw(s.rng)
	b.size(s.f.points(), true, false)
	s.f.write(b.z, s.mean, s.q)
}

func (s *natural) take(b *batch) bool {
	if s.newton != nil {
		if s.newton.take(s, b) {
			s.newton = nil
			s.settle()
		}
		return false
	}
	if s.scored != nil {
		s.readScore(b.v)
	} else {
		s.f.read(&s.m, b.v, s.w, s.back, s.room)
	}
	value := s.m.value + Gaussian{s.mean, s.q}.Entropy()
	s.pace.begin(value)
	switch {
	case s.fell(value):
		s.retreat()
	case s.pace.averaged > 0:
		s.remember(value)
		s.step(s.pace.average(s.gain(), value))
	default:
		s.pace.search(s.gain(), value)
		s.remember(value)
		s.rho, s.radius = 1, longest
		s.step(s.rho)
	}
	return s.pace.over()
}

// fell says whether the last step lost more than a frame's noise may. When steps are averaged q is near the
// optimum, and more is taken for noise.
func (s *natural) fell(value float64) bool {
	most := slack
	if s.pace.averaged > 0 {
		most = slide
	}
	return s.seen.any && !(value > s.seen.value-most) && s.seen.refused < refusals
}

// retreat goes back, and from there a quarter of the step; the search begins anew.
func (s *natural) retreat() {
	s.seen.refused++
	s.pace.again()
	copy(s.mean, s.seen.mean)
	copy(s.w, s.seen.w)
	copyMoments(&s.m, &s.seen.m)
	s.rho, s.radius = s.rho/4, s.radius/4
	s.step(s.rho)
}

// remember keeps where the next step begins.
func (s *natural) remember(value float64) {
	r := &s.seen
	copy(r.mean, s.mean)
	copy(r.w, s.w)
	copyMoments(&r.m, &s.m)
	r.value, r.any = value, true
	r.refused = 0
}

// gain is what a whole step from here is expected to add to the ELBO, in nats, to
// second order: ½ |wᵀE∇ log p|² of the mean and ¼ ‖W − I‖² of the covariance.
func (s *natural) gain() float64 {
	n := len(s.mean)
	timesUpper(s.room, s.w, s.m.grad)
	sum := 0.5 * dot(s.room[:n], s.room[:n])
	if s.back == nil {
		for i := range n {
			for j, v := range s.m.white[i*n : (i+1)*n] {
				if i == j {
					v--
				}
				sum += 0.25 * v * v
			}
		}
		return sum
	}
	invertLower(s.z, s.back, n) // H_ii/q's precision = column i of z: zᵀ W z
	for i := range n {
		h := 0.0
		for k := i; k < n; k++ {
			for l := i; l < n; l++ {
				h += s.z[k*n+i] * s.m.white[k*n+l] * s.z[l*n+i]
			}
		}
		sum += 0.25 * (h - 1) * (h - 1)
	}
	return sum
}

func copyMoments(to, from *moments) {
	to.value = from.value
	copy(to.grad, from.grad)
	copy(to.white, from.white)
}

// step goes by rho, and makes q of H.
func (s *natural) step(rho float64) {
	s.place.step(&s.m, rho, s.radius)
	s.settle()
}

// fitted is q, widened. To second order that changes the ELBO by −½ L (s − 1 − log s).
func (s *natural) fitted() Fitted {
	by := s.plan.o.Widen
	q := Gaussian{s.mean, s.q}.widened(by)
	after := s.pace.value() - 0.5*float64(len(s.mean))*(by-1-math.Log(by))
	return Fitted{Q: q, Before: s.pace.before, After: after, Converged: s.pace.done}
}
