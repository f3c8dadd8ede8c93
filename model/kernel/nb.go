package kernel

import "math"

// nbMean is the part with the mean of the log-probability of the count x ≥ 0, whole
// or not, under the negative binomial with mean mu ≥ 0 and inverse dispersion
// theta > 0 (variance mu + mu²/theta), and its derivatives in mu and theta.
// eps = 1e-8 stands inside the logarithms where scvi-tools has it. With
// u = mu/(theta+eps),
//
//	ll = x log(mu+eps) − (theta+x) log(1+u) + Γ-terms, see nbGamma
//
// which is scvi-tools' formula with log(theta+mu+eps) = log(theta+eps) + log(1+u),
// and loses no digits where theta is large.
func nbMean(x, mu, theta float64) (ll, dmu, dtheta float64) {
	te := theta + eps
	u := mu / te
	lw := math.Log1p(u)
	ll = -theta * lw
	dmu = -theta / (te + mu)
	dtheta = theta/te*u/(1+u) - lw
	if x == 0 {
		return ll, dmu, dtheta
	}
	ll += x * (math.Log(mu+eps) - lw)
	dmu += x * (1/(mu+eps) - 1/(te+mu))
	return ll, dmu, dtheta - x/(te+mu)
}

// nbGamma is log Γ(x+θ) − log Γ(θ) − x log(θ+eps) − log Γ(x+1) and its
// derivative in θ without the x log(θ+eps) term, ψ(x+θ) − ψ(θ).
// For whole x it is a product of x factors, (θ+k)/((θ+eps)(k+1)), each of
// moderate size; what is left of a large or fractional x is a ratio of gamma
// functions of large arguments by Stirling's series (DLMF 5.11.1, 5.11.2).
func nbGamma(x, theta float64) (lg, dg float64) {
	const shift = 32
	te := theta + eps
	if x < shift && x != math.Floor(x) {
		for k := 0.0; k < shift; k++ {
			lg += math.Log((theta+k)/(theta+x+k)) - math.Log((1+k)/(1+x+k))
			dg += 1/(theta+k) - 1/(theta+x+k)
		}
		l, g := stirling(theta+shift, x, te)
		lf, _ := stirling(1+shift, x, 1)
		return lg + l - lf, dg + g
	}
	k := 0.0
	for ; k < min(x, shift); k++ {
		lg += math.Log1p((k-eps)/te) - math.Log(k+1)
		dg += 1 / (theta + k)
	}
	if x > shift {
		l, g := stirling(theta+k, x-k, te)
		lf, _ := stirling(1+k, x-k, 1)
		lg, dg = lg+l-lf, dg+g
	}
	return lg, dg
}

// stirling is log Γ(y+d) − log Γ(y) − d log(unit) and ψ(y+d) − ψ(y), for y ≥ 16,
// each difference taken term by term so that nothing cancels for large y.
func stirling(y, d, unit float64) (lg, psi float64) {
	z := y + d
	q := math.Log1p(d / y)
	p3 := func(v float64) float64 { return 1 / (v * v * v) }
	p2 := func(v float64) float64 { return 1 / (v * v) }
	lg = (y-0.5)*q + d*math.Log(z/unit) - d + (1/z-1/y)/12 - (p3(z)-p3(y))/360
	psi = q - (1/z-1/y)/2 - (p2(z)-p2(y))/12 + (p2(z)*p2(z)-p2(y)*p2(y))/120
	return lg, psi
}
