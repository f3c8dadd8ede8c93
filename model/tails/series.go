package tails

// Counts up to smallCount are summed from zero on, unless P(X = 0) is below leastZero,
// where the terms would begin with too few digits.
const (
	smallCount = 32
	leastZero  = 1e-280
)

// nearPoisson is the theta above which a count's tails have about as many terms as its
// standard deviation, sqrt(mu), is long, and the continued fraction loses digits.
const nearPoisson = 1e6

// fewDigits is the upper tail below which 1 − P(X ≤ x) has lost too many digits.
const fewDigits = 1e-5

// small sums the terms from zero to x.
func (d *law) small(x, zero float64) Both {
	t := Both{At: zero}
	for k := 0.0; k < x; k++ {
		t.Below += t.At
		t.At *= d.ratio(k)
	}
	t.Above = max(0, 1-t.Below-t.At)
	if t.Above < fewDigits {
		if d.theta > nearPoisson {
			t.Above = t.At * d.upwards(x)
		} else if d.converges(x + 1) {
			t.Above = t.At * d.ratio(x) * d.upper(x+1)
		}
	}
	return t
}

// series is for counts that are nearly Poisson: the tail away from the mean is a series
// of falling terms.
func (d *law) series(x float64) Both {
	t := Both{At: d.mass(x)}
	if x >= d.mu {
		t.Above = t.At * d.upwards(x)
		t.Below = max(0, 1-t.At-t.Above)
		return t
	}
	t.Below = t.At * d.downwards(x)
	t.Above = max(0, 1-t.At-t.Below)
	return t
}

// enough is the share of a sum below which its next term changes nothing.
const enough = 1e-17

// upwards is P(X > x) / P(X = x).
func (d *law) upwards(x float64) (sum float64) {
	term := 1.0
	for k := x; term > enough*sum || sum == 0; k++ {
		term *= d.ratio(k)
		if term == 0 {
			break
		}
		sum += term
	}
	return sum
}

// downwards is P(X < x) / P(X = x).
func (d *law) downwards(x float64) (sum float64) {
	term := 1.0
	for k := x; k > 0 && (term > enough*sum || sum == 0); k-- {
		term /= d.ratio(k - 1)
		sum += term
	}
	return sum
}
