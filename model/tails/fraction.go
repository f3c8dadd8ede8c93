package tails

import "math"

// large is for counts of which there would be many terms: regularized incomplete beta
// functions,
//
//	P(X ≥ x) = I_q(x, theta),  P(X ≤ x) = I_p(theta, x+1)
//
// of which the one that is small converges, the other is what it leaves of 1.
func (d *law) large(x float64) Both {
	t := Both{At: d.mass(x)}
	if d.converges(x + 1) {
		t.Above = t.At * d.ratio(x) * d.upper(x+1)
		t.Below = max(0, 1-t.At-t.Above)
		return t
	}
	t.Below = t.At / d.ratio(x-1) * d.lower(x-1)
	t.Above = max(0, 1-t.At-t.Below)
	return t
}

// converges tells whether the continued fraction of P(X ≥ x) converges fast: q below
// (a+1)/(a+b+2), a = x and b = theta, DLMF 8.17(v).
func (d *law) converges(x float64) bool {
	return d.mu/(d.mu+d.theta) < (x+1)/(x+d.theta+2)
}

// upper is P(X ≥ x) / P(X = x): the factor before the fraction, q^x p^theta/(x B(x, theta)),
// is P(X = x).
func (d *law) upper(x float64) float64 {
	return fraction(x, d.theta, d.mu/(d.mu+d.theta))
}

// lower is P(X ≤ x) / P(X = x): the factor is P(X = x)·q·(theta+x)/theta.
func (d *law) lower(x float64) float64 {
	q := d.mu / (d.mu + d.theta)
	return q * (1 + x*d.inverse) * fraction(d.theta, x+1, d.theta/(d.mu+d.theta))
}

// fraction is 1/(1 + d1/(1 + d2/(1 + …))), DLMF 8.17.22, which times
// y^a (1−y)^b / (a B(a, b)) is I_y(a, b):
//
//	d_2m = m(b−m)y/((a+2m−1)(a+2m)),  d_2m+1 = −(a+m)(a+b+m)y/((a+2m)(a+2m+1))
//
// It is evaluated from the front as Lentz's method does, modified by Thompson and Barnett
// (Journal of Computational Physics 64, 1986, 490).
func fraction(a, b, y float64) float64 {
	const tiny = 1e-300
	c, e, f := 1.0, 0.0, 1.0
	for n := 1; n < mostSteps; n++ {
		m := float64(n / 2)
		var term float64
		switch {
		case n%2 == 0:
			term = m * (b - m) * y / ((a + 2*m - 1) * (a + 2*m))
		default:
			term = -(a + m) * (a + b + m) * y / ((a + 2*m) * (a + 2*m + 1))
		}
		e = 1 + term*e
		if math.Abs(e) < tiny {
			e = tiny
		}
		c = 1 + term/c
		if math.Abs(c) < tiny {
			c = tiny
		}
		e = 1 / e
		step := c * e
		f *= step
		if math.Abs(step-1) < 1e-15 {
			break
		}
	}
	return 1 / f
}

// mostSteps ends a fraction that does not settle, as of numbers that are not finite. It takes some
// sqrt(max(a, b)) steps.
const mostSteps = 100_000
