package kernel

import "math"

// Observation is a count X ≥ 0, whole or not, and the parameters of its
// distribution: mean Mu ≥ 0, Theta as at Likelihood, logit Pi of zero inflation;
// for AutoZI the probability Delta that there is none, and the least there is else.
type Observation struct {
	X, Mu, Theta, Pi, Delta, MinDropout float64
}

// slopes is a log-probability without the terms that have no mean, and its
// derivatives: mu dll/dmu, in r = log theta, in pi and in delta.
type slopes struct{ ll, a, r, pi, delta float64 }

// LogProb is the log-probability (the normal's: density), as scvi-tools has it.
func (o Observation) LogProb(l Likelihood) float64 {
	ll := o.slopes(l).ll
	switch {
	case o.X == 0 || l == Normal:
		return ll
	case l == Poisson:
		lf, _ := math.Lgamma(o.X + 1)
		return ll - lf
	}
	lg, _ := nbGamma(o.X, o.Theta)
	return ll + lg
}

func (o Observation) slopes(l Likelihood) slopes {
	switch l {
	case ZINB:
		return o.zinb(o.Pi)
	case Poisson:
		return o.poisson()
	case Normal:
		return o.normal()
	case AutoZI:
		return o.autoZI()
	}
	return o.nb()
}

func (o Observation) nb() slopes {
	ll, dmu, dtheta := nbMean(o.X, o.Mu, o.Theta)
	return slopes{ll: ll, a: dmu * o.Mu, r: dtheta * o.Theta}
}

// zinb is scvi-tools' with softplus s: a zero has s(q − pi) − s(−pi), where q is
// log NB(0); another count has log NB(x) − pi − s(−pi).
func (o Observation) zinb(pi float64) slopes {
	d := o.nb()
	if o.X != 0 {
		d.ll -= softplus(pi)
		d.pi = -sigmoid(pi)
		return d
	}
	g := sigmoid(d.ll - pi)
	return slopes{ll: softplus(d.ll-pi) - softplus(-pi), a: g * d.a, r: g * d.r, pi: sigmoid(-pi) - g}
}

// autoZI is log((delta + eps) NB + (1 − delta + eps) ZINB(pi′)).
func (o Observation) autoZI() slopes {
	pi, dpi := o.rescaled()
	n, z := o.nb(), o.zinb(pi)
	n.ll += math.Log(o.Delta + eps)
	z.ll += math.Log(1 - o.Delta + eps)
	top := math.Max(n.ll, z.ll)
	ll := top + math.Log(math.Exp(n.ll-top)+math.Exp(z.ll-top))
	wn, wz := math.Exp(n.ll-ll), math.Exp(z.ll-ll)
	return slopes{ll: ll, a: wn*n.a + wz*z.a, r: wn*n.r + wz*z.r, pi: wz * z.pi * dpi,
		delta: wn/(o.Delta+eps) - wz/(1-o.Delta+eps)}
}

// rescaled is the logit pi′ of p′ = m + (1−m) sigmoid(pi) with least probability
// m, and dpi′/dpi.
func (o Observation) rescaled() (pi, dpi float64) {
	m := o.MinDropout
	if m == 0 {
		return o.Pi, 1
	}
	p, rest := m+(1-m)*sigmoid(o.Pi), (1-m)*sigmoid(-o.Pi)+eps
	return math.Log(p / rest), (1 - m) * sigmoid(o.Pi) * sigmoid(-o.Pi) * (1/p + 1/rest)
}

// minRate keeps log mu finite where mu has underflowed: the least normal float32.
const minRate = 0x1p-126

func (o Observation) poisson() slopes {
	return slopes{ll: o.X*math.Log(math.Max(o.Mu, minRate)) - o.Mu, a: o.X - o.Mu}
}

// normal has the standard deviation theta.
func (o Observation) normal() slopes {
	z := (o.X - o.Mu) / o.Theta
	return slopes{ll: -z*z/2 - math.Log(o.Theta) - math.Log(2*math.Pi)/2, a: o.Mu * z / o.Theta, r: z*z - 1}
}

func softplus(x float64) float64 { return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }
func sigmoid(x float64) float64  { return 1 / (1 + math.Exp(-x)) }
