package factor

import "math"

// residuals are, of gene j, Σ E[(y − x·w)²] over the entries that are not held out,
// and their number.
func (f *Fit) residuals(j int, st *Statistics, x *geneScratch) (squares, n float64) {
	s := f.s
	st.of(j, s.m, x.s)
	f.genes.w(j, s, x.w)
	f.genes.ww(j, s, x.w, x.ww)
	return st.YY[j] - 2*dot(x.w, st.Y[j*s.m:(j+1)*s.m]) + dot(x.ww, x.s), x.s[0]
}

// bound is the ELBO of the genes as they are and the cells' q that st was taken of.
func (f *Fit) bound(st *Statistics) float64 {
	s := f.s
	each := make([]float64, s.genes)
	f.eachGene(func(j int, x *geneScratch) {
		squares, n := f.residuals(j, st, x)
		tau := f.genes.Tau[j]
		each[j] = 0.5*(n*math.Log(tau/(2*math.Pi))-tau*squares) - f.klGene(j)
	})
	return total(each) - f.klCells(st)
}

// klGene is KL(q‖prior) of gene j.
func (f *Fit) klGene(j int) float64 {
	s := f.s
	v, cov := f.genes.Mean[j*s.d:(j+1)*s.d], f.genes.Cov[j*s.d*s.d:]
	kl := f.genes.LogDet[j] - float64(s.d)
	for r := range s.d {
		off, variance := v[r], f.priors.variance(r)
		if r == 0 {
			off -= f.priors.Mu
		}
		kl += math.Log(variance) + (off*off+cov[r*s.d+r])/variance
	}
	return 0.5 * kl
}

// klCells is KL(q‖prior) of all cells.
func (f *Fit) klCells(st *Statistics) float64 {
	kl := st.LogDet + st.Cells*(math.Log(f.priors.Cell)-float64(f.s.d)) + st.S[f.s.m+1]/f.priors.Cell
	for k := 2; k < f.s.m; k++ {
		kl += st.S[k*f.s.m+k]
	}
	return 0.5 * kl
}

func total(x []float64) (sum float64) {
	for _, v := range x {
		sum += v
	}
	return sum
}
