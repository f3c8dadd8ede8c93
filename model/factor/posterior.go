package factor

import (
	"context"
	"math"
)

// Posterior is q of some cells' u = (a, A): means and variances, (cells, D) row-major.
type Posterior struct{ Mean, Variance []float64 }

// Posterior infers cells first … first+n−1, fills out from its cell 0, and adds what
// is held out of them to heldOut, where that is not nil. entry, where it is not nil, is
// called with every entry that is held out, in order.
func (f *Fit) Posterior(ctx context.Context, first, n int, out *Posterior, heldOut *HeldOut, entry func(Entry)) error {
	d := f.s.d
	out.Mean, out.Variance = resized(out.Mean, n*d), resized(out.Variance, n*d)
	rows := ascending(first + n)[first:]
	at := 0
	return f.rounds(ctx, rows, func(chunks []*chunk) error {
		for _, c := range chunks {
			for i := range c.rows {
				copy(out.Mean[at*d:(at+1)*d], c.x[i*f.s.m+1:(i+1)*f.s.m])
				cov := f.local.cov
				if len(c.cov) > 0 {
					cov = c.cov[i*d*d:]
				}
				for r := range d {
					out.Variance[at*d+r] = cov[r*d+r]
				}
				f.predict(c, i, heldOut, entry)
				at++
			}
		}
		return nil
	})
}

// Ready prepares for Posterior: once, after the fit.
func (f *Fit) Ready() { f.shareLocal() }

// Entry is one that was held out, and what the model says of it.
type Entry struct {
	Cell, Gene int32
	Y          float64
	Mean, SD   float64 // of the prediction: noise and what q leaves open of effects, factors and loadings
}

// predict says what the model makes of the entries of cell i that are held out:
// mean E[x]·E[w], variance 1/tau + tr(E[x xᵀ] E[w wᵀ]) − mean².
func (f *Fit) predict(c *chunk, i int, sum *HeldOut, entry func(Entry)) {
	from, to := c.heldOf(i)
	if from == to || sum == nil && entry == nil {
		return
	}
	s := f.s
	x, cov := c.x[i*s.m+1:(i+1)*s.m], c.cov[i*s.d*s.d:(i+1)*s.d*s.d]
	g := f.scratch.Get().(*geneScratch)
	defer f.scratch.Put(g)
	for k := from; k < to; k++ {
		j := int(c.held[k])
		f.genes.w(j, s, g.w)
		f.genes.ww(j, s, g.w, g.ww)
		mean := g.w[0] + dot(g.w[1:], x)
		// Var = Var_x(w̄·x) + E_x of xᵀ Cov(w) x, with Cov(w) = E[w wᵀ] − w̄ w̄ᵀ.
		variance := 1 / f.genes.Tau[j]
		gene := f.genes.Cov[j*s.d*s.d : (j+1)*s.d*s.d]
		for r := range s.d {
			for q := range s.d {
				variance += cov[r*s.d+q]*g.w[r+1]*g.w[q+1] + gene[r*s.d+q]*f.second(x, cov, r, q)
			}
		}
		e := Entry{Cell: c.rows[i], Gene: c.held[k], Y: c.heldY[k], Mean: mean, SD: math.Sqrt(variance)}
		if sum != nil {
			sum.add(e)
		}
		if entry != nil {
			entry(e)
		}
	}
}

// second is E[r_a r_b] of the regressors r = (1, A) of a gene, of a cell with mean x and
// covariance cov of (a, A).
func (f *Fit) second(x, cov []float64, a, b int) float64 {
	switch {
	case a == 0 && b == 0:
		return 1
	case a == 0:
		return x[b]
	case b == 0:
		return x[a]
	}
	return x[a]*x[b] + cov[a*f.s.d+b]
}
