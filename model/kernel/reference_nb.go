package kernel

import "math"

// SoftmaxBlock is described at Ops.
func (Reference[T]) SoftmaxBlock(n, ld int, y, bias, max, sum []T) {
	for c := range ld {
		m, s := T(math.Inf(-1)), T(0)
		for j := range n {
			y[j*ld+c] += bias[j]
			if y[j*ld+c] > m {
				m = y[j*ld+c]
			}
		}
		for j := range n {
			y[j*ld+c] = exp(y[j*ld+c] - m)
			s += y[j*ld+c]
		}
		max[c], sum[c] = m, s
	}
}

// SoftmaxJoin is described at Ops.
func (Reference[T]) SoftmaxJoin(blocks, ld int, top, sum, scale []T) {
	for c := range ld {
		m, total := math.Inf(-1), 0.0
		for k := range blocks {
			m = math.Max(m, float64(top[k*ld+c]))
		}
		for k := range blocks {
			total += float64(sum[k*ld+c]) * math.Exp(float64(top[k*ld+c])-m)
		}
		for k := range blocks {
			scale[k*ld+c] = T(math.Exp(float64(top[k*ld+c])-m) / total)
		}
	}
}

// NBTables is described at Ops. The plain Go loops need no more than theta itself.
func (Reference[T]) NBTables(n int, r, tab []T) {
	for j := range n {
		tab[j] = exp(r[j])
	}
}

// NBCounts is described at Ops.
func (Reference[T]) NBCounts(n, ld int, tab []T, start []int32, sorted []Entry[T], x, dr, ll []T) {
	clear(x[:n*ld])
	for j := range n {
		sum := 0.0
		for _, e := range sorted[start[j]:start[j+1]] {
			x[j*ld+int(e.Cell)] = e.Val
			lg, dg := nbGamma(float64(e.Val), float64(tab[j]))
			ll[e.Cell] += T(lg)
			sum += dg
		}
		dr[j] = T(sum * float64(tab[j]))
	}
}

// NBBlock is described at Ops.
func (Reference[T]) NBBlock(n, ld int, y, scale, lib, tab, a, dr, ll, s []T) {
	for c := range ld {
		var sum, sa float64
		for j := range n {
			at := j*ld + c
			mu := float64(y[at]) * float64(scale[c]) * float64(lib[c])
			l, dmu, dtheta := nbMean(float64(a[at]), mu, float64(tab[j]))
			a[at] = T(dmu * mu)
			dr[j] += T(dtheta * float64(tab[j]))
			sum += l
			sa += dmu * mu
		}
		ll[c] += T(sum)
		s[c] += T(sa)
	}
}

// SoftmaxBackward is described at Ops.
func (Reference[T]) SoftmaxBackward(n, ld int, y, scale, a, s []T, mean T, db []T) {
	for j := range n {
		db[j] = 0
		for c := range ld {
			g := (y[j*ld+c]*scale[c]*s[c] - a[j*ld+c]) * mean
			a[j*ld+c] = g
			db[j] += g
		}
	}
}

// NB is the log-probability of the count x ≥ 0, whole or not, under the negative
// binomial with mean mu ≥ 0 and inverse dispersion theta > 0 (variance
// mu + mu²/theta), and its derivatives in mu and theta. eps = 1e-8 stands inside
// the logarithms where scvi-tools has it. With u = mu/(theta+eps),
//
//	ll = x log(mu+eps) − (theta+x) log(1+u) + Γ-terms, see nbGamma
//
// which is scvi-tools' formula with log(theta+mu+eps) = log(theta+eps) + log(1+u),
// and loses no digits where theta is large.
func NB(x, mu, theta float64) (ll, dmu, dtheta float64) {
	ll, dmu, dtheta = nbMean(x, mu, theta)
	if x == 0 {
		return ll, dmu, dtheta
	}
	lg, dg := nbGamma(x, theta)
	return ll + lg, dmu, dtheta + dg
}

// nbMean is NB without the Γ-terms, which do not depend on mu.
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
