package factor

// local is what all cells share in one pass: of x's elements u = (a, A),
// with W_j = E[w wᵀ]:
type local struct {
	p      []float64 // (D, D) Λ_u + Σ_j tau_j W_uu
	h      []float64 // (D) −Σ_j tau_j W_u0
	tw     []float64 // (G, D) tau_j E[w]_u
	cov    []float64 // (D, D) p's inverse
	logDet float64   // log|p|
}

// shareLocal prepares a pass.
func (f *Fit) shareLocal() {
	s, l := f.s, &f.local
	ranges := (s.genes + geneRange - 1) / geneRange
	sums := make([]float64, ranges*s.m*s.m)
	l.tw = resized(l.tw, s.genes*s.d)
	f.eachRange(func(r, from, to int, x *geneScratch) {
		sum := sums[r*s.m*s.m : (r+1)*s.m*s.m]
		for j := from; j < to; j++ {
			f.genes.w(j, s, x.w)
			f.genes.ww(j, s, x.w, x.ww)
			for i, v := range x.ww {
				sum[i] += f.genes.Tau[j] * v
			}
			for i, v := range x.w[1:] {
				l.tw[j*s.d+i] = f.genes.Tau[j] * v
			}
		}
	})
	all := make([]float64, s.m*s.m)
	for i := range sums {
		all[i%len(all)] += sums[i]
	}
	l.p, l.h, l.cov = resized(l.p, s.d*s.d), resized(l.h, s.d), resized(l.cov, s.d*s.d)
	for r := range s.d {
		for q := range s.d {
			l.p[r*s.d+q] = all[(r+1)*s.m+q+1]
		}
		l.p[r*s.d+r] += f.precision(r)
		l.h[r] = -all[(r+1)*s.m]
	}
	l.logDet = settle(append([]float64{}, l.p...), l.h, make([]float64, s.d), l.cov)
}

// precision is the prior's of u's element r.
func (f *Fit) precision(r int) float64 {
	if r == 0 {
		return 1 / f.priors.Cell
	}
	return 1
}

// without takes gene j's part out of a cell's precision p and natural mean h.
func (f *Fit) without(j int, p, h []float64) {
	s, g := f.s, f.genes
	v, cov, tau := g.Mean[j*s.d:(j+1)*s.d], g.Cov[j*s.d*s.d:(j+1)*s.d*s.d], g.Tau[j]
	h[0] += tau * v[0]
	p[0] -= tau
	for r := 1; r < s.d; r++ {
		h[r] += tau * (v[r]*v[0] + cov[r*s.d])
		p[r*s.d] -= tau * v[r]
		p[r] -= tau * v[r]
		for q := 1; q < s.d; q++ {
			p[r*s.d+q] -= tau * (v[r]*v[q] + cov[r*s.d+q])
		}
	}
}
