package model

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// lookedAt is a cell of so many draws, of a model of a likelihood, whose counts are drawn
// by truth's point: what Outlook takes.
func lookedAt(cfg Config, draws int, rng *rand.Rand, own *Predictive, item int64) *Decoded {
	g := cfg.NInput
	truth := &Generated{N: 1, Library: []float32{300}, Scale: make([]float32, g), Theta: make([]float32, g)}
	d := &Decoded{N: draws, Scale: make([]float32, draws*g), Theta: make([]float32, draws*g), Library: make([]float32, draws)}
	if cfg.GeneLikelihood == "zinb" {
		truth.Dropout, d.Dropout = make([]float32, g), make([]float32, draws*g)
	}
	of := rng.IntN(draws) // counts come from one of the draws, as from the posterior
	for s := range draws {
		d.Library[s] = 300
		for k := range g {
			at := s*g + k
			d.Scale[at] = float32(math.Exp(-9 + 6*float64(k)/float64(g) + 0.4*rng.NormFloat64()))
			d.Theta[at] = float32(math.Exp(2 * (float64(k%5) - 1)))
			if d.Dropout != nil {
				d.Dropout[at] = float32(k%3) - 2
				truth.Dropout[k] = d.Dropout[at]
			}
			if s == of {
				truth.Scale[k], truth.Theta[k] = d.Scale[at], d.Theta[at]
			}
		}
	}
	if cfg.GeneLikelihood == "poisson" {
		d.Theta, truth.Theta = nil, nil
	}
	genes, row := make([]int, g), make([]float32, g)
	for k := range genes {
		genes[k] = k
	}
	own.Draw(truth, 0, item, genes, row)
	d.Ptr = []int32{0}
	for k, v := range row {
		if v != 0 {
			d.Idx, d.Val = append(d.Idx, int32(k)), append(d.Val, v)
		}
	}
	for range draws {
		d.Ptr = append(d.Ptr, int32(len(d.Idx)))
	}
	d.Ptr[0] = 0
	return d
}

// kolmogorov is Kolmogorov and Smirnov's statistic times sqrt(n): above 1.95 once in a
// thousand times where u is uniform.
func kolmogorov(u []float64) float64 {
	slices.Sort(u)
	d := 0.0
	for i, v := range u {
		d = max(d, v-float64(i)/float64(len(u)), float64(i+1)/float64(len(u))-v)
	}
	return d * math.Sqrt(float64(len(u)))
}

// TestOutlookUniform: of counts that are drawn from the model, P(X < x) + v·P(X = x) is
// uniform, for every likelihood, all counts and those above zero given that they are; and
// it is not where the model's means are half of the truth.
func TestOutlookUniform(t *testing.T) {
	for _, likelihood := range []string{"nb", "zinb", "poisson", "normal"} {
		for _, halved := range []bool{false, true} {
			cfg := DefaultConfig()
			cfg.NInput, cfg.GeneLikelihood = 60, likelihood
			rng, own, o := rand.New(rand.NewPCG(7, 8)), NewPredictive(cfg, 5), NewOutlook(cfg)
			const draws = 6
			var all, expressed []float64
			for cell := range 100 {
				d := lookedAt(cfg, draws, rng, own, int64(cell))
				if halved {
					for i := range d.Scale {
						d.Scale[i] /= 2
					}
				}
				// Every point has the same counts: Take reads the first one's.
				d.Ptr = []int32{0, int32(len(d.Idx)), int32(len(d.Idx)), int32(len(d.Idx)), int32(len(d.Idx)), int32(len(d.Idx)), int32(len(d.Idx))}
				o.Take(d, 0, draws, nil, [][2]int{{0, 25}, {25, cfg.NInput}})
				for g, p := range o.Tails {
					v := Between(3, uint64(cell), g)
					all = append(all, p.Below+v*p.At)
					if o.Count[g] > 0 && likelihood != "normal" {
						expressed = append(expressed, 1-(p.Above+(1-v)*p.At)/o.Positive[g])
					}
				}
			}
			for what, u := range map[string][]float64{"all": all, "expressed": expressed} {
				if k := kolmogorov(u); len(u) > 0 && (k < 1.95) == halved && (!halved || what == "all") {
					t.Errorf("%s, %s counts, halved %v: %.2f, want it %s 1.95", likelihood, what, halved, k, map[bool]string{true: "above", false: "below"}[halved])
				}
			}
		}
	}
}

// TestOutlookQuantile: the quantile is the least count whose P(X ≤ x) reaches it.
func TestOutlookQuantile(t *testing.T) {
	for _, likelihood := range []string{"nb", "zinb", "poisson", "normal"} {
		cfg := DefaultConfig()
		cfg.NInput, cfg.GeneLikelihood = 40, likelihood
		o, rng := NewOutlook(cfg), rand.New(rand.NewPCG(1, 9))
		d := lookedAt(cfg, 4, rng, NewPredictive(cfg, 5), 0)
		for _, u := range []float64{0.05, 0.5, 0.95, 0.9999} {
			for g := range cfg.NInput {
				o.Take(d, 0, 4, nil, nil)
				q := o.Quantile(g, u)
				upTo := func(x float64) float64 {
					o.Count[g] = x
					o.take(g)
					return o.Tails[g].Below + o.Tails[g].At
				}
				if likelihood == "normal" {
					if math.Abs(upTo(q)-u) > 1e-6 {
						t.Fatalf("%s, gene %d: P(X ≤ %v) is %v, want %v", likelihood, g, q, upTo(q), u)
					}
				} else if upTo(q) < u || q > 0 && upTo(q-1) >= u {
					t.Fatalf("%s, gene %d: %v is not the quantile %v", likelihood, g, q, u)
				}
			}
		}
	}
}

// TestConditionalLibraries: library sizes that are set are each problem's own, in whatever
// order problems are asked for; the cells' own change nothing.
func TestConditionalLibraries(t *testing.T) {
	conditional(t, func(*Config) {}, func(_ *VAE[float32], _ *Cells, c *Conditional) {
		problems, u := points(c)
		own := make([]float32, c.N)
		take := func(d *Decoded) error {
			for i := range d.N {
				own[problems[i]] = d.Library[i]
			}
			return nil
		}
		if err := c.Decode(problems, u, take); err != nil {
			t.Fatal(err)
		}
		before := values(c, problems, u).LogP
		c.SetLibraries(slices.Clone(own))
		if !slices.Equal(values(c, problems, u).LogP, before) {
			t.Error("the cells' own library sizes change log p")
		}
		other := slices.Clone(own)
		for i := range other {
			other[i] *= 1 + float32(i%4)
		}
		c.SetLibraries(other)
		slices.Reverse(problems)
		want := slices.Clone(other)
		if err := c.Decode(problems, u, take); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(own, want) {
			t.Errorf("library sizes %v, set %v", own, want)
		}
	})
}
