package model

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"cellvi/model/kernel"
)

// stir draws the parameters that begin as 0, so that no product with them is hidden.
func stir[T kernel.Float](v *VAE[T]) {
	for _, l := range v.enc.more {
		for _, p := range []*param[T]{l.w, l.b} {
			if p.fan == 0 {
				uniform(Stream(11, Initial, 0, uint64(p.lo)), v.NHidden, p.w)
			}
		}
	}
}

// familyModel is a model of a family whose posteriors lean and bend much.
func familyModel(of Family, set func(c *Config)) *VAE[float32] {
	v := New[float32](small(func(c *Config) { c.Posterior = of; set(c) }))
	v.Initialize(3)
	stir(v)
	return v
}

// forwardOf is a forward in evaluation of cells with drawn noise.
func forwardOf(v *VAE[float32], cells *Cells) *Pass[float32] {
	p, m := newPass(v, serial{}), &Minibatch[float32]{}
	m.fill(cells, all(cells), v.frame)
	m.draw(cells, all(cells), v.heldDraws(5, 1))
	p.forward(m, false)
	return p
}

// Training of a richer family begins with the diagonal's model: the same draws and
// likelihoods with the same bits, and full's divergence too; flow's is an estimate.
func TestFamiliesBeginDiagonal(t *testing.T) {
	cells := randomCells(30, small(func(*Config) {}))
	begin := func(of Family) *Pass[float32] {
		v := New[float32](small(func(c *Config) { c.Posterior = of }))
		v.Initialize(3)
		return forwardOf(v, cells)
	}
	want := begin(Diagonal)
	for _, of := range []Family{Full, Flow} {
		got := begin(of)
		if !slices.Equal(got.Z, want.Z) || !slices.Equal(got.Rec, want.Rec) || of == Full && !slices.Equal(got.KL, want.KL) {
			t.Errorf("%s does not begin as the diagonal", of)
		}
	}
}

// A flow's log-determinant is that of its Jacobian by differences, also where it bends
// to the bound.
func TestFlowDeterminant(t *testing.T) {
	for _, by := range []float64{0, 0.5, 30} {
		const l, h = 5, 1e-6
		rng := rand.New(rand.NewPCG(3, 4))
		c := placer{mean: make([]float64, l), deviation: slices.Repeat([]float64{1}, l), lower: make([]float64, triangle(l-1)),
			outer: make([]float64, flowLayers*triangle(l)), inner: make([]float64, flowLayers*(triangle(l)+l)),
			y: make([]float64, l), input: make([]float64, l), bent: make([]float64, l)}
		normal(rng, c.inner)
		normal(rng, c.outer)
		for i := range c.outer {
			c.outer[i] *= by
		}
		bound(l, 0, c.outer)
		bound(l, l, c.inner)
		eps, up, down := make([]float64, l), make([]float64, l), make([]float64, l)
		normal(rng, eps)
		jacobian := mat.NewDense(l, l, nil)
		for j := range l {
			old := eps[j]
			eps[j] = old + h
			c.place(eps, up)
			eps[j] = old - h
			c.place(eps, down)
			eps[j] = old
			for i := range l {
				jacobian.Set(i, j, (up[i]-down[i])/(2*h))
			}
		}
		want, sign := mat.LogDet(jacobian)
		if got := c.place(eps, up); sign < 0 || math.Abs(got-want) > 1e-5 {
			t.Errorf("R of size %g: log-determinant %.8f, want %.8f, sign %g", by, got, want, sign)
		}
	}
}

// Full's divergence is ½ (tr CCᵀ + m² − L − log |CCᵀ|), by a Cholesky factor put
// together here, and log p − log q of a draw that of these normals.
func TestFullDivergence(t *testing.T) {
	v := familyModel(Full, func(*Config) {})
	cells := randomCells(9, v.Config)
	p, l, ratio := forwardOf(v, cells), v.NLatent, make([]float64, 9)
	p.logRatio(ratio)
	for b := range ratio {
		c := mat.NewDense(l, l, nil)
		for i := range l {
			for j := range i {
				c.Set(i, j, float64(p.enc.more[lowerOutput][b*triangle(l-1)+triangle(i-1)+j]))
			}
			c.Set(i, i, math.Sqrt(float64(p.enc.variance[b*l+i])))
		}
		var cov, solved mat.Dense
		cov.Mul(c, c.T())
		logDet, _ := mat.LogDet(&cov)
		m, d, square, norm := mat.NewVecDense(l, widen(nil, p.enc.mean[b*l:(b+1)*l])), mat.NewVecDense(l, nil), 0.0, 0.0
		for i := range l {
			z := float64(p.Z[b*l+i])
			square += m.AtVec(i) * m.AtVec(i)
			norm += z * z
			d.SetVec(i, z-m.AtVec(i))
		}
		if want := 0.5 * (mat.Trace(&cov) + square - float64(l) - logDet); math.Abs(p.KL[b]-want) > 1e-5*want {
			t.Errorf("cell %d: divergence %.7f, want %.7f", b, p.KL[b], want)
		}
		if err := solved.Solve(&cov, d); err != nil {
			t.Fatal(err)
		}
		if want := 0.5 * (mat.Dot(d, solved.ColView(0)) + logDet - norm); math.Abs(ratio[b]-want) > 1e-4 {
			t.Errorf("cell %d: log p − log q is %.6f, want %.6f", b, ratio[b], want)
		}
	}
}

// The means, variances and divergences that are told are those of many draws; a flow's,
// and on a simplex, over its fixed points, as near as these are even.
func TestFamilyMoments(t *testing.T) {
	for _, of := range []Family{Full, Flow} {
		for _, latent := range []string{"normal", "ln"} {
			within := map[string]float64{"normal": 0.06, "ln": 0.1}[latent]
			v := familyModel(of, func(c *Config) { c.LatentDistribution, c.NLatent = latent, 6 })
			const n, draws = 8, 20000
			cells := randomCells(n, v.Config)
			l := v.NLatent
			mean, variance, kl := make([]float32, n*l), make([]float32, n*l), make([]float64, n)
			e := NewEvaluator(v, 1)
			if err := e.Posterior(context.Background(), cells, rows32(n), mean, variance); err != nil {
				t.Fatal(err)
			}
			told := make([]float64, n)
			sum, square := make([]float64, n*l), make([]float64, n*l)
			err := e.Generate(context.Background(), cells, rows32(n), Generation{Samples: draws, Seed: 2, Losses: true, Batch: -1}, func(g *Generated) error {
				copy(told, g.KL)
				for i, z := range g.Z {
					sum[i] += float64(z) / draws
					square[i] += float64(z) * float64(z) / draws
				}
				for i, r := range g.LogRatio {
					kl[i] -= r / draws
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			for i := range sum {
				want := square[i] - sum[i]*sum[i]
				if off := math.Abs(float64(mean[i]) - sum[i]); off > 0.05*math.Sqrt(want) {
					t.Errorf("%s %s, number %d: mean %.4f, of draws %.4f, deviation %.4f", of, latent, i, mean[i], sum[i], math.Sqrt(want))
				}
				if math.Abs(float64(variance[i])-want) > within*want {
					t.Errorf("%s %s, number %d: variance %.5f, of draws %.5f", of, latent, i, variance[i], want)
				}
			}
			for i := range kl {
				if math.Abs(kl[i]-told[i]) > 0.05+0.02*kl[i] {
					t.Errorf("%s %s, cell %d: divergence %.4f, of draws %.4f", of, latent, i, told[i], kl[i])
				}
			}
		}
	}
}

// The normal distribution of a posterior has its means and variances, and full's is it.
func TestFamilyNormal(t *testing.T) {
	for _, of := range []Family{Diagonal, Full, Flow} {
		v := familyModel(of, func(*Config) {})
		const n, ld = 7, 5
		p, l, points := forwardOf(v, randomCells(n, v.Config)), v.NLatent, v.points(false)
		wantMean, wantVar := p.Mean, p.Variance
		if of != Diagonal {
			p.moments(n, points, false, wantMean, wantVar)
		}
		for b := range n {
			mean, chol := make([]float64, l), make([]float64, l*ld)
			p.normal(b, points, mean, chol, ld)
			lean := 0.0
			for i := range l {
				variance := 0.0
				for j := range i + 1 {
					variance += chol[i*ld+j] * chol[i*ld+j]
				}
				for j := range i {
					lean += math.Abs(chol[i*ld+j])
				}
				if want := float64(wantVar[b*l+i]); math.Abs(mean[i]-float64(wantMean[b*l+i])) > 1e-5 || math.Abs(variance-want) > 1e-5*(1+want) {
					t.Errorf("%s, cell %d: mean %g and variance %g of dimension %d, want %g and %g", of, b, mean[i], variance, i, wantMean[b*l+i], want)
				}
			}
			if (lean == 0) != (of == Diagonal) {
				t.Errorf("%s, cell %d: covariances come to %g", of, b, lean)
			}
		}
	}
}

// Without draws cells are decoded at the posterior's mean, which a flow's ε = 0 is not.
func TestGenerateAtTheFamilysMean(t *testing.T) {
	for _, of := range []Family{Full, Flow} {
		v := familyModel(of, func(*Config) {})
		cells := randomCells(5, v.Config)
		mean := make([]float32, 5*v.NLatent)
		e := NewEvaluator(v, 1)
		if err := e.Posterior(context.Background(), cells, rows32(5), mean, nil); err != nil {
			t.Fatal(err)
		}
		err := e.Generate(context.Background(), cells, rows32(5), Generation{Batch: -1}, func(g *Generated) error {
			if !slices.Equal(g.Z, mean) || !slices.Equal(g.Mean, mean) {
				t.Errorf("%s: decoded at %v, the mean is %v", of, g.Z, mean)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Surgery with a frozen encoder leaves every reference cell's posterior as it is, its
// lean and bend too.
func TestQueryKeepsFamily(t *testing.T) {
	for _, of := range []Family{Full, Flow} {
		v := familyModel(of, func(c *Config) { c.EncodeCovariates = true })
		cells := randomCells(40, v.Config)
		latent, _, _ := numbersOf(t, v, cells)
		n := extended(t, v, FromMean)
		f := Freezing{Expression: true, BatchNormEncoder: true, DecoderFirstLayer: true, BatchNormDecoder: true}
		n.Freeze(f, v.Levels())
		query := randomCells(30, n.Config)
		tr := NewTrainer(n, query, all(query), nil, testOptions(2, 1))
		defer tr.Close()
		runEpochs(t, tr)
		if after, _, _ := numbersOf(t, n, cells); !slices.Equal(after, latent) {
			t.Errorf("%s: the reference's cells have other posteriors after the query", of)
		}
	}
}

// A model's file says its family; one of before there was a choice is diagonal.
func TestFamilyInJSON(t *testing.T) {
	for _, of := range []Family{Diagonal, Full, Flow} {
		cfg := DefaultConfig()
		cfg.Posterior = of
		text, err := json.Marshal(cfg)
		var back Config
		if err != nil || json.Unmarshal(text, &back) != nil || back.Posterior != of || !strings.Contains(string(text), `"posterior":"`+of.String()+`"`) {
			t.Errorf("%s: %s, then %q (%v)", of, text, back.Posterior, err)
		}
	}
	old := DefaultConfig()
	if err := json.Unmarshal([]byte(`{"n_input": 9}`), &old); err != nil || old.Posterior != Diagonal || old.Validate() != nil {
		t.Errorf("an old model: %q, %v, %v", old.Posterior, err, old.Validate())
	}
	for _, wrong := range []func(c *Config){func(c *Config) { c.Posterior = "mixture" }, func(c *Config) { c.Posterior, c.NLatent = Full, 1 }} {
		cfg := small(wrong)
		if err := cfg.Validate(); err == nil || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%q of %d dimensions: %v", cfg.Posterior, cfg.NLatent, err)
		}
	}
}
