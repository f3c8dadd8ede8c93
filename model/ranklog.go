package model

import "math"

// log2 is the binary logarithm of x, not below that of 1e-30: with x = m·2^e, sqrt(1/2) ≤ m < sqrt(2),
// s = (m − 1)/(m + 1), it is e + 2/ln 2·(s + s³/3 + s⁵/5 + …); |s| < 0.172, so what follows
// s¹¹ is below 3e-11 (Abramowitz & Stegun 4.1.27). Several times as fast as math.Log2,
// which half of the work would be.
func log2(x float64) float64 {
	bits := math.Float64bits(max(x, least))
	e := int(bits>>52) - 1023
	m := math.Float64frombits(bits&(1<<52-1) | 1023<<52)
	if m > math.Sqrt2 {
		m /= 2
		e++
	}
	s := (m - 1) / (m + 1)
	q := s * s
	return float64(e) + 2*math.Log2E*s*(1+q*(1./3+q*(1./5+q*(1./7+q*(1./9+q/11)))))
}
