package kernel

import "math"

// Tables is described at Ops. The plain Go loops need no more than theta itself.
func (Reference[T]) Tables(n int, r, tab []T) {
	for k := range n {
		tab[k] = exp(r[k])
	}
}

// Counts is described at Ops.
func (Reference[T]) Counts(l Likelihood, s *Stripe[T]) {
	clear(s.A[:s.N*s.LD])
	clear(s.DR[:s.sizeDR(l)])
	if l == AutoZI {
		clear(s.DDelta[:s.N*s.DeltaCodes])
	}
	for j := range s.N {
		for _, e := range s.Sorted[s.Start[j]:s.Start[j+1]] {
			b, x := int(e.Cell), float64(e.Val)
			s.A[j*s.LD+b] = e.Val
			switch l {
			case Normal:
			case Poisson:
				lf, _ := math.Lgamma(x + 1)
				s.LL[b] -= T(lf)
			default:
				theta := s.theta(j, b)
				lg, dg := nbGamma(x, theta)
				s.LL[b] += T(lg)
				s.DR[s.atR(j, b)] += T(dg * theta)
			}
		}
	}
}

// Likelihood is described at Ops.
func (Reference[T]) Likelihood(l Likelihood, s *Stripe[T]) {
	for b := range s.LD {
		var ll, sum float64
		for j := range s.N {
			at := j*s.LD + b
			var d slopes
			if b < s.Cells || l != Normal && l != AutoZI { // others get 0 of mu = 0 by themselves
				d = s.observe(l, j, b).slopes(l)
			}
			s.A[at] = T(d.a)
			ll += d.ll
			sum += d.a
			s.spread(l, j, b, d)
		}
		s.LL[b] += T(ll)
		s.S[b] += T(sum)
	}
}

// observe is the count of gene j in cell b and the parameters there.
func (s *Stripe[T]) observe(l Likelihood, j, b int) Observation {
	at := j*s.LD + b
	o := Observation{X: float64(s.A[at]), Mu: float64(s.Y[at]) * float64(s.Scale[b]) * float64(s.Lib[b])}
	if l != Poisson {
		o.Theta = s.theta(j, b)
	}
	if l == ZINB || l == AutoZI {
		o.Pi = float64(s.Pi[at]) + at0(s.PiBias, j)
	}
	if l == AutoZI {
		o.Delta, o.MinDropout = float64(s.Delta[s.atDelta(j, b)]), float64(s.MinDropout)
	}
	return o
}

// spread writes the derivatives of one element where Likelihood leaves them.
func (s *Stripe[T]) spread(l Likelihood, j, b int, d slopes) {
	at := j*s.LD + b
	switch {
	case l == Poisson:
	case s.R != nil:
		s.R[at] = s.DR[at] + T(d.r)
	default:
		s.DR[s.atR(j, b)] += T(d.r)
	}
	if l == ZINB || l == AutoZI {
		s.Pi[at] = T(d.pi)
	}
	if l == AutoZI {
		s.DDelta[s.atDelta(j, b)] += T(d.delta)
	}
}

func (s *Stripe[T]) theta(j, b int) float64 {
	if s.R != nil {
		return math.Exp(float64(s.R[j*s.LD+b]) + at0(s.RBias, j))
	}
	return float64(s.Tab[s.atR(j, b)])
}

// atR is where DR, and Tab where R is nil, hold what belongs to gene j in cell b.
func (s *Stripe[T]) atR(j, b int) int {
	switch {
	case s.R != nil:
		return j*s.LD + b
	case s.Codes > 1:
		return j*s.Codes + int(s.Code[b])
	}
	return j
}

func (s *Stripe[T]) atDelta(j, b int) int {
	if s.DeltaCodes > 1 {
		return j*s.DeltaCodes + int(s.DeltaCode[b])
	}
	return j
}

// sizeDR is the numbers in DR.
func (s *Stripe[T]) sizeDR(l Likelihood) int {
	switch {
	case l == Poisson:
		return 0
	case s.R != nil:
		return s.N * s.LD
	}
	return s.N * s.Codes
}

// at0 is x[j], or 0 where there is no x.
func at0[T Float](x []T, j int) float64 {
	if x == nil {
		return 0
	}
	return float64(x[j])
}
