package factor

import (
	"context"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// solveDense gives the mean and covariance of the Gaussian exp(−½ xᵀPx + hᵀx), by
// gonum.
func solveDense(t *testing.T, p *mat.SymDense, h *mat.VecDense) (mean, cov *mat.Dense) {
	t.Helper()
	var inverse mat.Dense
	if err := inverse.Inverse(p); err != nil {
		t.Fatal(err)
	}
	var m mat.Dense
	m.Mul(&inverse, h)
	return &m, &inverse
}

func close2(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance*(1+math.Abs(want)) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// mask tells which entries of the table a fit holds out.
func mask(d *dense, o Options) []bool {
	out := make([]bool, d.n*d.g)
	for i := range d.n {
		for _, j := range heldOut(o.Seed, int64(i)+100, d.g, o.HoldOut, nil) {
			out[i*d.g+int(j)] = true
		}
	}
	return out
}

// TestCellsExact: q of a cell is the Gaussian that is written out entry by entry, zeros
// too, each with E[w wᵀ]; and all statistics are those of a loop over every entry.
func TestCellsExact(t *testing.T) {
	for name, o := range map[string]Options{"whole": {Factors: 3}, "held out": {Factors: 3, HoldOut: 0.2, Seed: 9}, "one": {Factors: 1, HoldOut: 0.1}} {
		t.Run(name, func(t *testing.T) {
			d, _ := planted(150, 70, 2, 0.5, 0.4)
			f := started(t, d, o)
			ascend(t, f, 3)
			f.shareLocal()
			st := newStatistics(d.g, f.s.m, o.HoldOut > 0)
			if err := f.gather(context.Background(), ascending(d.n), st); err != nil {
				t.Fatal(err)
			}
			var post Posterior
			if err := f.Posterior(context.Background(), 0, d.n, &post, nil, nil); err != nil {
				t.Fatal(err)
			}
			want := denseStatistics(t, f, d, mask(d, o), &post)
			for k, p := range st.parts() {
				for i := range p {
					close2(t, []string{"S", "Y", "YY", "Out"}[k], p[i], want.parts()[k][i], 1e-9)
				}
			}
			close2(t, "log det", st.LogDet, want.LogDet, 1e-10)
		})
	}
}

// denseStatistics infers every cell entry by entry, holds it to post, and sums.
func denseStatistics(t *testing.T, f *Fit, d *dense, out []bool, post *Posterior) *Statistics {
	t.Helper()
	s := f.s
	st := newStatistics(d.g, s.m, f.stats.Out != nil)
	w, ww := make([]float64, s.m), make([]float64, s.m*s.m)
	for i := range d.n {
		p, h := mat.NewSymDense(s.d, nil), mat.NewVecDense(s.d, nil)
		for r := range s.d {
			p.SetSym(r, r, f.precision(r))
		}
		for j := range d.g {
			if out[i*d.g+j] {
				continue
			}
			f.genes.w(j, s, w)
			f.genes.ww(j, s, w, ww)
			tau := f.genes.Tau[j]
			for r := range s.d {
				h.SetVec(r, h.AtVec(r)+tau*(d.y[i*d.g+j]*w[r+1]-ww[(r+1)*s.m]))
				for q := range r + 1 {
					p.SetSym(r, q, p.At(r, q)+tau*ww[(r+1)*s.m+q+1])
				}
			}
		}
		mean, cov := solveDense(t, p, h)
		x := append([]float64{1}, mean.RawMatrix().Data...)
		xx := make([]float64, s.m*s.m)
		for a := range s.m {
			for b := range s.m {
				xx[a*s.m+b] = x[a] * x[b]
				if a > 0 && b > 0 {
					xx[a*s.m+b] += cov.At(a-1, b-1)
				}
			}
		}
		for r := range s.d {
			close2(t, "mean", post.Mean[i*s.d+r], mean.At(r, 0), 1e-9)
			close2(t, "variance", post.Variance[i*s.d+r], cov.At(r, r), 1e-9)
		}
		axpy(1, xx, st.S)
		st.LogDet += logDet(p)
		for j := range d.g {
			y := d.y[i*d.g+j]
			if !out[i*d.g+j] {
				axpy(y, x, st.Y[j*s.m:(j+1)*s.m])
				st.YY[j] += y * y
				continue
			}
			at := st.Out[j*triangle(s.m):]
			for a := range s.m {
				axpy(1, xx[a*s.m:a*s.m+a+1], at)
				at = at[a+1:]
			}
		}
	}
	return st
}

func logDet(p mat.Symmetric) float64 {
	var c mat.Cholesky
	c.Factorize(p)
	return c.LogDet()
}

// TestGenesExact: q of a gene is the posterior of a Bayesian regression of its entries
// on (1, A) of the cells whose second moments are known.
func TestGenesExact(t *testing.T) {
	d, _ := planted(120, 30, 2, 0.5, 0.4)
	o := Options{Factors: 2, HoldOut: 0.1}
	f, out := started(t, d, o), mask(d, Options{HoldOut: 0.1})
	f.shareLocal()
	if err := f.gather(context.Background(), ascending(d.n), f.stats); err != nil {
		t.Fatal(err)
	}
	x, covs := append([]float64{}, joined(f, func(c *chunk) []float64 { return c.x })...), append([]float64{}, joined(f, func(c *chunk) []float64 { return c.cov })...)
	f.updateGenes()
	s := f.s
	for j := range d.g {
		p, h := mat.NewSymDense(s.d, nil), mat.NewVecDense(s.d, nil)
		for r := range s.d {
			p.SetSym(r, r, 1/f.priors.variance(r))
		}
		h.SetVec(0, f.priors.Mu/f.priors.Gene)
		for i := range d.n {
			if out[i*d.g+j] {
				continue
			}
			xi, cov, tau := x[i*s.m:(i+1)*s.m], covs[i*s.d*s.d:(i+1)*s.d*s.d], f.genes.Tau[j]
			second := func(a, b int) float64 { // of x's elements
				v := xi[a] * xi[b]
				if a > 0 && b > 0 {
					v += cov[(a-1)*s.d+b-1]
				}
				return v
			}
			for r := range s.d {
				h.SetVec(r, h.AtVec(r)+tau*(d.y[i*d.g+j]*xi[place(r)]-second(place(r), 1)))
				for q := range r + 1 {
					p.SetSym(r, q, p.At(r, q)+tau*second(place(r), place(q)))
				}
			}
		}
		mean, cov := solveDense(t, p, h)
		for r := range s.d {
			close2(t, "mean", f.genes.Mean[j*s.d+r], mean.At(r, 0), 1e-9)
			for q := range s.d {
				close2(t, "covariance", f.genes.Cov[(j*s.d+r)*s.d+q], cov.At(r, q), 1e-9)
			}
		}
	}
}

// joined is what the chunks of the last round hold, one behind the other.
func joined(f *Fit, of func(c *chunk) []float64) (all []float64) {
	n := 0
	for _, c := range f.chunks {
		if n < f.n {
			all = append(all, of(c)...)
		}
		n += len(c.rows)
	}
	return all
}

// TestBoundExact: the ELBO is that of a loop over every entry, and with one factor no
// more than log p(y) given the loadings, which is a Gaussian's of dense algebra, and as
// much where q of the genes is a point.
func TestBoundExact(t *testing.T) {
	d, _ := planted(40, 12, 1, 0.5, 0.2)
	f := started(t, d, Options{Factors: 1})
	ascend(t, f, 5)
	s := f.s
	kl := 0.0
	for j := range s.genes { // q of the genes becomes a point
		clear(f.genes.Cov[j*s.d*s.d : (j+1)*s.d*s.d])
		kl += f.klGene(j)
	}
	got, err := f.Bound(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want := 0.0
	for i := range d.n { // log N(y_i; c, 1 s_a² 1ᵀ + B Bᵀ + 1/tau)
		cov, off := mat.NewSymDense(d.g, nil), mat.NewVecDense(d.g, nil)
		for j := range d.g {
			off.SetVec(j, d.y[i*d.g+j]-f.genes.Mean[j*s.d])
			for l := range j + 1 {
				v := f.priors.Cell + f.genes.Mean[j*s.d+1]*f.genes.Mean[l*s.d+1]
				if j == l {
					v += 1 / f.genes.Tau[j]
				}
				cov.SetSym(j, l, v)
			}
		}
		var c mat.Cholesky
		var solved mat.VecDense
		if !c.Factorize(cov) {
			t.Fatal("not positive definite")
		}
		if err := c.SolveVecTo(&solved, off); err != nil {
			t.Fatal(err)
		}
		want += -0.5 * (float64(d.g)*math.Log(2*math.Pi) + c.LogDet() + mat.Dot(off, &solved))
	}
	close2(t, "ELBO", got, want-kl, 1e-10)
}

// TestBoundDense: the likelihood's part by a loop over every entry.
func TestBoundDense(t *testing.T) {
	d, _ := planted(90, 25, 2, 0.5, 0.4)
	o := Options{Factors: 3, HoldOut: 0.15, Seed: 2}
	f, out := started(t, d, o), mask(d, o)
	ascend(t, f, 2)
	f.shareLocal()
	if err := f.gather(context.Background(), ascending(d.n), f.part); err != nil {
		t.Fatal(err)
	}
	x, covs, s := joined(f, func(c *chunk) []float64 { return c.x }), joined(f, func(c *chunk) []float64 { return c.cov }), f.s
	w, ww := make([]float64, s.m), make([]float64, s.m*s.m)
	want := -f.klCells(f.part)
	for j := range d.g {
		want -= f.klGene(j)
		f.genes.w(j, s, w)
		f.genes.ww(j, s, w, ww)
		tau := f.genes.Tau[j]
		for i := range d.n {
			if out[i*d.g+j] {
				continue
			}
			y, xi := d.y[i*d.g+j], x[i*s.m:(i+1)*s.m]
			second := 0.0
			for a := range s.m {
				for b := range s.m {
					v := xi[a] * xi[b]
					if a > 0 && b > 0 {
						v += covs[(i*s.d+a-1)*s.d+b-1]
					}
					second += v * ww[a*s.m+b]
				}
			}
			want += 0.5*math.Log(tau/(2*math.Pi)) - 0.5*tau*(y*y-2*y*dot(w, xi)+second)
		}
	}
	close2(t, "ELBO", f.bound(f.part), want, 1e-10)
}
