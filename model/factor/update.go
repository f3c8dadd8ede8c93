package factor

import "math"

// updateGenes makes q of every gene the best one for the statistics:
// precision Λ + tau·S_rr, natural mean Λ(mu, 0) + tau·(Y_r − S_r1), r = (1, A).
func (f *Fit) updateGenes() {
	s, st := f.s, f.stats
	f.eachGene(func(j int, x *geneScratch) {
		st.of(j, s.m, x.s)
		tau, y := f.genes.Tau[j], st.Y[j*s.m:(j+1)*s.m]
		p, h := x.p[:s.d*s.d], x.h[:s.d]
		for r := range s.d {
			for q := range s.d {
				p[r*s.d+q] = tau * x.s[place(r)*s.m+place(q)]
			}
			h[r] = tau * (y[place(r)] - x.s[place(r)*s.m+1])
			p[r*s.d+r] += 1 / f.priors.variance(r)
		}
		h[0] += f.priors.Mu / f.priors.Gene
		f.genes.LogDet[j] = settle(p, h, f.genes.Mean[j*s.d:(j+1)*s.d], f.genes.Cov[j*s.d*s.d:(j+1)*s.d*s.d])
	})
}

// variance is the prior's of v's element r.
func (p *Priors) variance(r int) float64 {
	if r == 0 {
		return p.Gene
	}
	return p.Loadings[r-1]
}

// settle makes mean and cov those of the Gaussian of precision p and natural mean h,
// and gives log|p|. p is overwritten. A precision is a prior's plus a sum of squares:
// if it is not positive definite, something is not a number.
func settle(p, h, mean, cov []float64) float64 {
	logDet, ok := cholesky(p, len(mean))
	if !ok {
		for i := range mean {
			mean[i] = math.NaN()
		}
		return math.NaN()
	}
	inverse(p, len(mean), cov)
	times(cov, h, mean)
	return logDet
}

// updatePriors makes mu, the priors' variances and the noise the best ones. None of
// the variances falls below a floor: the maximum under that bound.
func (f *Fit) updatePriors() {
	f.updateNoise()
	f.updateVariances()
}

func (f *Fit) updateVariances() {
	s, g, n := f.s, f.genes, float64(f.s.genes)
	moments := make([]float64, s.d)
	mu := 0.0
	for j := range s.genes {
		mu += g.Mean[j*s.d] / n
	}
	for j := range s.genes {
		v, cov := g.Mean[j*s.d:(j+1)*s.d], g.Cov[j*s.d*s.d:]
		moments[0] += (v[0]-mu)*(v[0]-mu) + cov[0]
		for r := 1; r < s.d; r++ {
			moments[r] += v[r]*v[r] + cov[r*s.d+r]
		}
	}
	f.priors.Mu = mu
	f.priors.Gene = max(moments[0]/n, f.floor)
	for k := range f.priors.Loadings {
		f.priors.Loadings[k] = max(moments[1+k]/n, f.floor*1e-3)
	}
	f.priors.Cell = max(f.stats.S[s.m+1]/f.stats.Cells, f.floor*1e-3)
}

func (f *Fit) updateNoise() {
	squares, n := make([]float64, f.s.genes), make([]float64, f.s.genes)
	f.eachGene(func(j int, x *geneScratch) { squares[j], n[j] = f.residuals(j, f.stats, x) })
	if f.o.OneNoise {
		all, cells := 0.0, 0.0
		for j := range squares {
			all, cells = all+squares[j], cells+n[j]
		}
		for j := range squares {
			squares[j], n[j] = all, cells
		}
	}
	for j := range squares {
		f.genes.Tau[j] = 1 / max(squares[j]/max(n[j], 1), f.floor)
	}
}
