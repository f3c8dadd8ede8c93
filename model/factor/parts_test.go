package factor

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// TestAlign: moving leaves every prediction and the likelihood's part as they are, and
// never lowers the ELBO; factors end whitened, in order.
func TestAlign(t *testing.T) {
	for _, o := range []Options{{Factors: 4}, {Factors: 4, HoldOut: 0.2}} {
		d, _ := planted(200, 40, 3, 0.5, 0.3)
		f := started(t, d, o)
		f.shareLocal()
		if err := f.gather(context.Background(), ascending(d.n), f.stats); err != nil {
			t.Fatal(err)
		}
		f.updateGenes()
		f.updatePriors()
		fits := func() (all []float64) {
			x := newGeneScratch(f.s.m)
			for j := range d.g {
				squares, _ := f.residuals(j, f.stats, x)
				all = append(all, squares)
			}
			return all
		}
		before, elbo := fits(), f.bound(f.stats)
		f.align()
		for j, v := range fits() {
			close2(t, "squares", v, before[j], 1e-9)
		}
		if after := f.bound(f.stats); after < elbo {
			t.Errorf("aligning lowers the ELBO from %v to %v", elbo, after)
		}
		for a := 2; a < f.s.m; a++ {
			for b := 2; b < f.s.m; b++ {
				want := 0.0
				if a == b {
					want = float64(d.n)
				}
				close2(t, "Σ E[A Aᵀ]", f.stats.S[a*f.s.m+b], want, 1e-9*float64(d.n))
			}
		}
		for k := 1; k < f.s.k; k++ {
			if f.priors.Loadings[k] > f.priors.Loadings[k-1] {
				t.Errorf("factors are not in order: %v", f.priors.Loadings)
			}
		}
	}
}

// TestHeldOut: the share is as asked, of each gene too, and the list ascends.
func TestHeldOut(t *testing.T) {
	of, n := make([]int, 50), 20000
	for i := range n {
		last := int32(-1)
		for _, j := range heldOut(7, int64(i), 50, 0.1, nil) {
			if j <= last || j >= 50 {
				t.Fatalf("gene %d after %d", j, last)
			}
			last = j
			of[j]++
		}
	}
	for j, k := range of { // standard deviation 0.0021
		if got := float64(k) / float64(n); math.Abs(got-0.1) > 0.01 {
			t.Errorf("gene %d: %v of the cells", j, got)
		}
	}
}

// TestLinear holds the small algebra to gonum's.
func TestLinear(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	a := mat.NewDense(5, 7, nil)
	for i := range 5 {
		for j := range 7 {
			a.Set(i, j, rng.NormFloat64())
		}
	}
	p := mat.NewSymDense(5, nil)
	p.SymOuterK(1, a)
	h := mat.NewVecDense(5, []float64{1, -2, 3, 0, 5})
	mean, cov := solveDense(t, p, h)
	ours, mine := make([]float64, 25), make([]float64, 5)
	l := make([]float64, 25)
	for i := range 25 {
		l[i] = p.At(i/5, i%5)
	}
	close2(t, "log det", settle(l, h.RawVector().Data, mine, ours), logDet(p), 1e-12)
	for i := range 25 {
		close2(t, "inverse", ours[i], cov.At(i/5, i%5), 1e-10)
	}
	for i := range mine {
		close2(t, "mean", mine[i], mean.At(i, 0), 1e-10)
	}
	if _, ok := cholesky([]float64{1, 2, 2, 1}, 2); ok {
		t.Error("a matrix that is not positive definite has a root")
	}
}

// TestPredictExact: an entry's predictive variance is 1/tau and the variance of x·w,
// tr(E[x xᵀ] E[w wᵀ]) − (E[x]·E[w])², by matrices.
func TestPredictExact(t *testing.T) {
	d, _ := planted(30, 12, 2, 0.5, 0.2) // few: what q leaves open counts
	f := started(t, d, Options{Factors: 2, HoldOut: 0.3})
	ascend(t, f, 4)
	f.Ready()
	var entries []Entry
	var post Posterior
	if err := f.Posterior(context.Background(), 0, d.n, &post, nil, func(e Entry) { entries = append(entries, e) }); err != nil {
		t.Fatal(err)
	}
	x, covs, s := joined(f, func(c *chunk) []float64 { return c.x }), joined(f, func(c *chunk) []float64 { return c.cov }), f.s
	w, ww := make([]float64, s.m), make([]float64, s.m*s.m)
	for _, e := range entries {
		i, j := int(e.Cell), int(e.Gene)
		f.genes.w(j, s, w)
		f.genes.ww(j, s, w, ww)
		xi := x[i*s.m : (i+1)*s.m]
		mean := dot(w, xi)
		variance := 1/f.genes.Tau[j] - mean*mean
		for a := range s.m {
			for b := range s.m {
				v := xi[a] * xi[b]
				if a > 0 && b > 0 {
					v += covs[(i*s.d+a-1)*s.d+b-1]
				}
				variance += v * ww[a*s.m+b]
			}
		}
		close2(t, "mean", e.Mean, mean, 1e-12)
		close2(t, "variance", e.SD*e.SD, variance, 1e-10)
	}
	if len(entries) == 0 {
		t.Error("nothing is held out")
	}
}
