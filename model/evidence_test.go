package model

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
)

// deaf is a model whose decoder does not hear z: its expected shares are those of the
// bias, and log p(x) = log p(x|l) where the library size is observed.
func deaf(t *testing.T, set func(*Config)) *VAE[float32] {
	cfg := DefaultConfig()
	cfg.NInput, cfg.NHidden, cfg.NLatent = 5, 4, 2
	set(&cfg)
	v := New[float32](cfg)
	v.Initialize(3)
	for _, p := range v.params {
		switch {
		case strings.HasSuffix(p.name, "mean_encoder.bias"):
			fillWith(p.w, 0.3)
		case strings.HasSuffix(p.name, "var_encoder.bias"):
			fillWith(p.w, -0.2)
		case strings.HasSuffix(p.name, "chol_encoder.bias"), strings.HasSuffix(p.name, "outer_encoder.bias"):
			fillWith(p.w, 0.4)
		case strings.HasPrefix(p.name, "decoder.") && strings.HasSuffix(p.name, "weight"):
			clear(p.w)
		case strings.Contains(p.name, "_encoder.weight"):
			clear(p.w)
		}
	}
	if err := v.SetLibraryPrior([]float64{1.5}, []float64{0.5}); err != nil {
		t.Fatal(err)
	}
	return v
}

func fillWith(x []float32, v float32) {
	for i := range x {
		x[i] = v
	}
}

// evidence is the estimate of each cell's log p(x), and its mean ELBO over the draws.
func evidence(t *testing.T, v *VAE[float32], cells *Cells, draws int) (ll, elbo []float64) {
	ll, elbo = make([]float64, cells.Len()), make([]float64, cells.Len())
	e := &Evidence{}
	err := NewEvaluator(v, 1).Generate(context.Background(), cells, rows32(cells.Len()), Generation{Samples: draws, Seed: 4, Batch: -1, Losses: true}, func(g *Generated) error {
		e.Add(g)
		for i := range g.N {
			elbo[g.First+i] -= (g.Rec[i] + g.KL[i] + g.KLLibrary[i]) / float64(draws)
			ll[g.First+i] = e.LogLikelihood(i)
			if n := e.EffectiveDraws(i); n < 1-1e-9 || n > float64(g.Sample+1)+1e-9 {
				t.Errorf("cell %d rests on %g of %d draws", i, n, g.Sample+1)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ll, elbo
}

// Where the decoder does not hear z, the marginal likelihood is the likelihood: the
// weights p(z)/q(z|x) average to one. It stays so for a logistic-normal latent, whose
// densities are those before the softmax.
func TestEvidenceOfADeafDecoder(t *testing.T) {
	for name, set := range map[string]func(*Config){"normal": func(*Config) {}, "ln": func(c *Config) { c.LatentDistribution = "ln" },
		"full": func(c *Config) { c.Posterior = Full }, "flow": func(c *Config) { c.Posterior = Flow },
		"flow, ln": func(c *Config) { c.Posterior, c.LatentDistribution = Flow, "ln" }} {
		v := deaf(t, set)
		cells := randomCells(6, v.Config)
		ll, elbo := evidence(t, v, cells, 4000)
		rec := make([]float64, cells.Len())
		err := NewEvaluator(v, 1).Generate(context.Background(), cells, rows32(cells.Len()), Generation{Batch: -1, Losses: true}, func(g *Generated) error {
			copy(rec[g.First:], g.Rec)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range ll {
			if math.Abs(ll[i]+rec[i]) > 0.05 || ll[i] < elbo[i] {
				t.Errorf("%s, cell %d: log p(x) is %.4f, want %.4f; the ELBO is %.4f", name, i, ll[i], -rec[i], elbo[i])
			}
		}
	}
}

// With a latent library size, log p(x) is that of numerical integration over log l.
func TestEvidenceOfALatentLibrary(t *testing.T) {
	v := deaf(t, func(c *Config) { c.UseObservedLibSize = false })
	cells := NewCells(v.Width(), 2, Extent{})
	cells.Append([]int32{0, 3}, []float32{2, 1}, Covariates{}, 0)
	cells.Append([]int32{1, 2, 4}, []float32{1, 5, 3}, Covariates{}, 1)
	ll, elbo := evidence(t, v, cells, 6000)
	rho := make([]float64, v.NInput)
	r, _ := v.R()
	err := NewEvaluator(v, 1).Generate(context.Background(), cells, rows32(1), Generation{Batch: -1}, func(g *Generated) error {
		for i := range rho {
			rho[i] = float64(g.Scale[i])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range ll {
		want := math.Log(integrate(cells, i, rho, r))
		if math.Abs(ll[i]-want) > 0.1 || elbo[i] > want {
			t.Errorf("cell %d: log p(x) is %.4f, want %.4f; the ELBO is %.4f", i, ll[i], want, elbo[i])
		}
	}
}

// integrate is ∫ N(l; 1.5, 0.5) Π_g NB(x_g; e^l rho_g, e^r_g) dl.
func integrate(cells *Cells, cell int, rho []float64, r []float32) (p float64) {
	x := make([]float64, len(rho))
	genes, counts := cells.Row(cell)
	for k, g := range genes {
		x[g] = float64(counts[k])
	}
	const step = 0.01
	for l := -4.0; l < 7; l += step {
		log := -(l-1.5)*(l-1.5)/(2*0.5) - 0.5*math.Log(2*math.Pi*0.5)
		for g := range rho {
			mu, theta := math.Exp(l)*rho[g], math.Exp(float64(r[g]))
			a, _ := math.Lgamma(x[g] + theta)
			b, _ := math.Lgamma(theta)
			c, _ := math.Lgamma(x[g] + 1)
			log += a - b - c + theta*math.Log(theta/(theta+mu)) + x[g]*math.Log(mu/(theta+mu))
		}
		p += step * math.Exp(log)
	}
	return p
}

// Decoding a draw as of several batches gives what each alone gives, and a draw that
// is begun at gives what it has among all.
func TestGenerateBatchesAndFirst(t *testing.T) {
	cells := structured(200, 90)
	v := trainedModel(t, cells)
	type key struct{ cell, sample, batch int }
	collect := func(g Generation, threads int) map[key][]float32 {
		var mutex sync.Mutex
		out := map[key][]float32{}
		err := NewEvaluator(v, threads).Generate(context.Background(), cells, rows32(cells.Len()), g, func(x *Generated) error {
			mutex.Lock()
			defer mutex.Unlock()
			for i := range x.N {
				out[key{x.First + i, x.Sample, x.Batch}] = slices.Clone(x.Scale[i*v.NInput : (i+1)*v.NInput])
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	all := collect(Generation{Samples: 3, Seed: 1, Batches: []int{1, 0}}, 3)
	if len(all) != cells.Len()*3*2 {
		t.Fatalf("%d decodings", len(all))
	}
	for batch := range 2 {
		for k, want := range collect(Generation{First: 1, Samples: 2, Seed: 1, Batch: batch}, 1) {
			if !slices.Equal(all[k], want) {
				t.Fatalf("cell, draw and batch %v differ", k)
			}
		}
	}
	if slices.Equal(all[key{0, 0, 0}], all[key{0, 0, 1}]) || slices.Equal(all[key{0, 0, 0}], all[key{0, 1, 0}]) {
		t.Error("batches or draws make no difference")
	}
}
