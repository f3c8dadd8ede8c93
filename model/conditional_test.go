package model

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"cellvi/model/kernel"
	"cellvi/model/vi"
)

// conditional calls do with the one minibatch of a trained variant's cells.
func conditional(t *testing.T, set func(*Config), do func(v *VAE[float32], cells *Cells, c *Conditional)) {
	t.Helper()
	cfg := small(set)
	cells := randomCells(60, cfg)
	v := New[float32](cfg)
	v.Initialize(4)
	opt := DefaultTrain(cells.Len())
	opt.MaxEpochs, opt.BatchSize, opt.KL.Epochs, opt.Adam.LR = 6, 15, 2, 1e-2
	tr := NewTrainer(v, cells, all(cells), nil, opt)
	defer tr.Close()
	for !tr.Done() {
		if _, err := tr.Epoch(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	err := NewEvaluator(v, 1).Conditionals(context.Background(), cells, rows32(cells.Len()), func(c *Conditional) error {
		do(v, cells, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// points are one for each cell, near the encoder's mean.
func points(c *Conditional) (problems []int, u []float64) {
	rng := rand.New(rand.NewPCG(3, 4))
	for i, q := range c.Encoded() {
		problems = append(problems, i)
		for k, m := range q.Mean {
			u = append(u, m+q.Chol[k*len(q.Mean)+k]*rng.NormFloat64())
		}
	}
	return problems, u
}

func values(c *Conditional, problems []int, u []float64) vi.Values {
	n := c.Dim()
	v := vi.Values{LogP: make([]float64, len(problems)), Grad: make([]float64, len(u)), Curvature: make([]float64, len(u)*n)}
	c.Evaluate(problems, u, v)
	return v
}

// log p(x, u) at the encoder's mean is what the evaluation of losses says there, plus the
// prior's density.
func TestConditionalIsTheLikelihood(t *testing.T) {
	for name, set := range variants {
		conditional(t, set, func(v *VAE[float32], cells *Cells, c *Conditional) {
			var u []float64
			var problems []int
			for i, q := range c.Encoded() {
				problems, u = append(problems, i), append(u, q.Mean...)
			}
			logp := values(c, problems, u).LogP
			err := NewEvaluator(v, 1).Generate(context.Background(), cells, rows32(cells.Len()), Generation{Batch: -1, Losses: true}, func(g *Generated) error {
				for i := range g.N {
					if got := c.prior(i, u) - logp[i]; math.Abs(got-g.Rec[i]) > 1e-5*math.Abs(g.Rec[i]) {
						t.Errorf("%s: cell %d: −log p(x|z) is %g, want %g", name, i, got, g.Rec[i])
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The gradient is what log p does over small steps; the median over cells, because a
// step may cross a ReLU's kink, and single precision leaves some 1e-3 nats of noise.
func TestConditionalGradient(t *testing.T) {
	const h = 5e-3
	for name, set := range variants {
		conditional(t, set, func(_ *VAE[float32], _ *Cells, c *Conditional) {
			problems, u := points(c)
			grad, n := values(c, problems, u).Grad, c.Dim()
			for k := range n {
				var off []float64
				up, down := slices.Clone(u), slices.Clone(u)
				for i := range problems {
					up[i*n+k] += h
					down[i*n+k] -= h
				}
				a, b := values(c, problems, up).LogP, values(c, problems, down).LogP
				for i := range problems {
					want := (a[i] - b[i]) / (2 * h)
					off = append(off, math.Abs(grad[i*n+k]-want)/(1+math.Abs(want)))
				}
				slices.Sort(off)
				if m := off[len(off)/2]; !(m < 2e-2) {
					t.Errorf("%s: gradient in coordinate %d is off by %.2g of it in half of the cells", name, k, m)
				}
			}
		})
	}
}

// The curvature is Σ w j jᵀ with j by finite differences of log mu and w by the formula,
// plus the prior's.
func TestConditionalCurvature(t *testing.T) {
	for name, set := range variants {
		conditional(t, set, func(v *VAE[float32], _ *Cells, c *Conditional) {
			problems, u := points(c)
			got, n := values(c, problems, u).Curvature, c.Dim()
			want := slowCurvature(t, v, c, problems, u)
			var off []float64
			for i := range got {
				cell := i / (n * n)
				scale := 0.0
				for k := range n {
					scale += want[cell*n*n+k*n+k] / float64(n)
				}
				off = append(off, math.Abs(got[i]-want[i])/scale)
			}
			slices.Sort(off)
			if q := off[len(off)*8/10]; !(q < 2e-2) {
				t.Errorf("%s: a fifth of the curvatures' elements are off by more than %.2g of the diagonal", name, q)
			}
		})
	}
}

// slowCurvature takes log mu's derivatives by finite differences.
func slowCurvature(t *testing.T, v *VAE[float32], c *Conditional, problems []int, u []float64) (out []float64) {
	t.Helper()
	const h = 5e-3
	n, g := c.Dim(), v.NInput
	at, _ := decodeAt(t, c, problems, u)
	theta := thetasAt(t, c, problems, u, g)
	j := make([][]float64, n)
	for k := range n {
		up, down := slices.Clone(u), slices.Clone(u)
		for i := range problems {
			up[i*n+k] += h
			down[i*n+k] -= h
		}
		a, _ := decodeAt(t, c, problems, up)
		b, _ := decodeAt(t, c, problems, down)
		for i := range a {
			j[k] = append(j[k], (a[i]-b[i])/(2*h))
		}
	}
	_, open := decodeAt(t, c, problems, u)
	out = make([]float64, len(u)*n)
	for i := range problems {
		for gene := range g {
			mu, th := math.Exp(at[i*g+gene]), theta[i*g+gene]
			w := mu * th / (mu + th)
			switch v.head.kind {
			case kernel.Poisson:
				w = mu
			case kernel.Normal:
				w = mu * mu / (th * th)
			}
			w *= open[i*g+gene]
			for a := range n {
				for b := range n {
					out[(i*n+a)*n+b] += w * j[a][i*g+gene] * j[b][i*g+gene]
				}
			}
		}
		for k := range n {
			precision := 1.0
			if k == v.NLatent {
				precision = 1 / float64(v.libPrior.variance[c.mini.Batch[i]])
			}
			out[(i*n+k)*n+k] += precision
		}
	}
	return out
}

// decodeAt is log mu, and the share of counts that are not inflated zeros.
func decodeAt(t *testing.T, c *Conditional, problems []int, u []float64) (logMu, open []float64) {
	t.Helper()
	err := c.Decode(problems, u, func(d *Decoded) error {
		g := len(d.Scale) / d.N
		for i, rho := range d.Scale {
			logMu = append(logMu, math.Log(float64(rho)*max(1e-30, float64(d.Library[i/g]))))
			open = append(open, 1)
			if d.Dropout != nil {
				open[len(open)-1] = 1 / (1 + math.Exp(float64(d.Dropout[i])))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return logMu, open
}

func thetasAt(t *testing.T, c *Conditional, problems []int, u []float64, g int) (theta []float64) {
	t.Helper()
	err := c.Decode(problems, u, func(d *Decoded) error {
		for _, x := range d.Theta {
			theta = append(theta, float64(x))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if theta == nil {
		theta = make([]float64, len(problems)*g)
	}
	return theta
}

// With every stripe left out the prior is left, and with one what the others say.
func TestLeaveOut(t *testing.T) {
	for _, name := range []string{"nb", "many genes", "zinb", "gene-cell zinb", "size factor", "latent library"} {
		conditional(t, variants[name], func(v *VAE[float32], _ *Cells, c *Conditional) {
			problems, u := points(c)
			whole := values(c, problems, u)
			sum := make([]float64, len(problems))
			for _, first := range c.Stripes() {
				c.LeaveOut(func(gene int) bool { return gene != first })
				for i, x := range values(c, problems, u).LogP {
					sum[i] += x - c.prior(i, u)
				}
			}
			c.LeaveOut(func(int) bool { return true })
			none := values(c, problems, u)
			n := c.Dim()
			for i := range problems {
				if want := whole.LogP[i] - c.prior(i, u); math.Abs(sum[i]-want) > 1e-4*math.Abs(want) {
					t.Errorf("%s: the stripes' likelihoods of cell %d add up to %g, want %g", name, i, sum[i], want)
				}
				if none.LogP[i] != c.prior(i, u) {
					t.Errorf("%s: without any gene cell %d has log p %g, want the prior's %g", name, i, none.LogP[i], c.prior(i, u))
				}
				for k := range v.NLatent {
					at := i*n + k
					if v.LatentDistribution != "ln" && none.Grad[at] != -u[at] || none.Curvature[at*n+k] != 1 {
						t.Errorf("%s: without any gene cell %d has gradient %g at %g, curvature %g", name, i, none.Grad[at], u[at], none.Curvature[at*n+k])
					}
				}
			}
			c.LeaveOut(nil)
		})
	}
}

// A point's numbers have the same bits whatever points stand beside it.
func TestConditionalNeighbours(t *testing.T) {
	for name, set := range variants {
		conditional(t, set, func(_ *VAE[float32], _ *Cells, c *Conditional) {
			problems, u := points(c)
			want, n := values(c, problems, u), c.Dim()
			var mixed []int
			var at []float64
			for k := range 300 {
				i := k * 7 % len(problems)
				mixed, at = append(mixed, i), append(at, u[i*n:(i+1)*n]...)
			}
			for _, many := range []int{300, 128, 65, 32, 1} {
				got := values(c, mixed[:many], at[:many*n])
				for k, i := range mixed[:many] {
					if got.LogP[k] != want.LogP[i] || !slices.Equal(got.Grad[k*n:(k+1)*n], want.Grad[i*n:(i+1)*n]) ||
						!slices.Equal(got.Curvature[k*n*n:(k+1)*n*n], want.Curvature[i*n*n:(i+1)*n*n]) {
						t.Fatalf("%s: cell %d has other numbers among %d others", name, i, many)
					}
				}
			}
		})
	}
}
