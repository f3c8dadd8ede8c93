package tails

import "math"

// Both are P(X < x), P(X = x) and P(X > x); they add up to 1.
type Both struct{ Below, At, Above float64 }

// Count gives the tails at the whole number x ≥ 0 of the negative binomial of mean mu ≥ 0
// and inverse dispersion theta > 0 (variance mu + mu²/theta); theta = +Inf is Poisson's.
//
//	P(X = x) = Γ(x+theta) / (Γ(theta) x!) · p^theta q^x,  q = mu/(mu+theta), p = 1 − q
func Count(x, mu, theta float64) Both {
	if !(mu > 0) { // all at zero
		if x > 0 {
			return Both{Below: 1}
		}
		return Both{At: 1}
	}
	d := law{mu: mu, theta: theta, inverse: 1 / theta}
	zero := d.zero()
	switch {
	case x == 0:
		return Both{At: zero, Above: -math.Expm1(d.logZero())}
	case x <= smallCount && zero > leastZero:
		return d.small(x, zero)
	case theta > nearPoisson:
		return d.series(x)
	}
	return d.large(x)
}

// Zero is P(X = 0) of the same, which most tests need and no more.
func Zero(mu, theta float64) float64 { return math.Exp(LogZero(mu, theta)) }

// LogZero is log P(X = 0).
func LogZero(mu, theta float64) float64 {
	if !(mu > 0) {
		return 0
	}
	d := law{mu: mu, theta: theta, inverse: 1 / theta}
	return d.logZero()
}

// Normal gives the tails at x of the normal of mean mu and standard deviation sigma.
func Normal(x, mu, sigma float64) Both {
	z := (x - mu) / (sigma * math.Sqrt2)
	return Both{Below: math.Erfc(-z) / 2, Above: math.Erfc(z) / 2}
}

// Plus adds u's probabilities, as of one more part of a mixture.
func (t Both) Plus(u Both) Both {
	return Both{Below: t.Below + u.Below, At: t.At + u.At, Above: t.Above + u.Above}
}

// Inflated are the tails at x of a count that is zero by the probability of dropout, and
// otherwise as t says.
func (t Both) Inflated(x, dropout float64) Both {
	keep := 1 - dropout
	t.Below, t.At, t.Above = t.Below*keep, t.At*keep, t.Above*keep
	if x > 0 {
		t.Below += dropout
	} else {
		t.At += dropout
	}
	return t
}

// law is a negative binomial; inverse is 1/theta, zero for Poisson's.
type law struct{ mu, theta, inverse float64 }

// logZero is log P(X = 0) = −theta·log(1 + mu/theta).
func (d *law) logZero() float64 {
	if d.mu*d.inverse < 1e-12 { // its series' first terms
		return -d.mu * (1 - d.mu*d.inverse/2)
	}
	return -d.theta * math.Log1p(d.mu*d.inverse)
}

func (d *law) zero() float64 { return math.Exp(d.logZero()) }

// ratio is P(X = k+1) / P(X = k) = (k+theta)/(k+1) · q.
func (d *law) ratio(k float64) float64 {
	return d.mu * (1 + k*d.inverse) / ((1 + d.mu*d.inverse) * (k + 1))
}
