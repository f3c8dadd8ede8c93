package model

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mathext"

	"cellvi/model/kernel"
)

// randomCells draws cells with covariates of three batches, two labels, two
// categorical ones of one and four levels and a continuous one; one cell is empty and
// one has a large count.
func randomCells(n int, cfg Config) *Cells {
	rng := rand.New(rand.NewPCG(7, 8))
	c := NewCells(cfg.Width(), n, Extent{})
	for i := range n {
		var at []int32
		var counts []float32
		for g := range cfg.NInput {
			if i != 2 && rng.Float64() < 0.3 {
				at, counts = append(at, int32(g)), append(counts, float32(1+rng.IntN(30)*rng.IntN(3)))
			}
		}
		if i == 3 && len(counts) > 0 {
			counts[len(counts)-1] = 5000
		}
		cov := Covariates{Batch: int32(i % cfg.NBatch), Label: int32(i / 2 % cfg.NLabels), SizeFactor: 0.3 + 5*rng.Float32()}
		for k, levels := range cfg.NCatsPerCov {
			cov.Cats = append(cov.Cats, int32((i+k)%levels))
		}
		for range cfg.NContinuousCov {
			cov.Conts = append(cov.Conts, float32(rng.NormFloat64()))
		}
		c.Append(at, counts, cov, int64(i))
	}
	return c
}

func randomMinibatch[T kernel.Float](v *VAE[T], c *Cells) *Minibatch[T] {
	m := &Minibatch[T]{}
	rows := all(c)
	m.fill(c, rows, v.frame)
	m.draw(c, rows, v.draws(5, 1, 2))
	return m
}

// variants are configurations that together have every part of the model.
var variants = map[string]func(c *Config){
	"nb":                      func(c *Config) {},
	"one batch":               func(c *Config) { c.NBatch, c.NInput = 1, 20 },
	"many genes":              func(c *Config) { c.NInput, c.NBatch, c.NLayers = 300, 4, 2 },
	"no dropout":              func(c *Config) { c.DropoutRate = 0 },
	"raw counts":              func(c *Config) { c.LogVariational = false },
	"zinb":                    func(c *Config) { c.GeneLikelihood = "zinb" },
	"poisson":                 func(c *Config) { c.GeneLikelihood = "poisson" },
	"normal":                  func(c *Config) { c.GeneLikelihood = "normal" },
	"gene-batch":              func(c *Config) { c.Dispersion = "gene-batch" },
	"gene-label zinb":         func(c *Config) { c.Dispersion, c.GeneLikelihood = "gene-label", "zinb" },
	"gene-cell":               func(c *Config) { c.Dispersion = "gene-cell" },
	"gene-cell zinb":          func(c *Config) { c.Dispersion, c.GeneLikelihood = "gene-cell", "zinb" },
	"gene-cell normal":        func(c *Config) { c.Dispersion, c.GeneLikelihood = "gene-cell", "normal" },
	"gene-batch normal":       func(c *Config) { c.Dispersion, c.GeneLikelihood = "gene-batch", "normal" },
	"covariates":              func(c *Config) { covariates(c) },
	"covariates encoded":      func(c *Config) { covariates(c); c.EncodeCovariates = true },
	"covariates shallow":      func(c *Config) { covariates(c); c.EncodeCovariates, c.DeeplyInject = true, false },
	"batch embedded":          func(c *Config) { covariates(c); c.BatchRepresentation, c.BatchEmbeddingDim = "embedding", 2 },
	"batch embedded, encoded": func(c *Config) { c.BatchRepresentation, c.EncodeCovariates = "embedding", true },
	"latent library":          func(c *Config) { c.UseObservedLibSize = false },
	"latent library encoded":  func(c *Config) { covariates(c); c.UseObservedLibSize, c.EncodeCovariates = false, true },
	"latent library, embedded": func(c *Config) {
		c.UseObservedLibSize, c.EncodeCovariates, c.BatchRepresentation = false, true, "embedding"
	},
	"size factor":      func(c *Config) { c.UseSizeFactor = true },
	"size factor zinb": func(c *Config) { c.UseSizeFactor, c.GeneLikelihood = true, "zinb" },
	"layer norm":       func(c *Config) { c.UseBatchNorm, c.UseLayerNorm = "none", "both" },
	"both norms":       func(c *Config) { c.UseLayerNorm, c.NLayers = "both", 2 },
	"norms apart":      func(c *Config) { c.UseBatchNorm, c.UseLayerNorm = "encoder", "decoder" },
	"no norm":          func(c *Config) { c.UseBatchNorm = "none" },
	"logistic-normal":  func(c *Config) { c.LatentDistribution = "ln" },
	"full":             func(c *Config) { c.Posterior = Full },
	"flow":             func(c *Config) { c.Posterior = Flow },
	"full, logistic-normal": func(c *Config) {
		c.Posterior, c.LatentDistribution, c.UseObservedLibSize, c.NLatent = Full, "ln", false, 2
	},
	"flow, logistic-normal": func(c *Config) {
		c.Posterior, c.LatentDistribution, c.UseObservedLibSize, c.NLatent = Flow, "ln", false, 5
	},
	"flow, linear":        func(c *Config) { c.Model, c.UseObservedLibSize, c.Posterior = LinearSCVI, false, Flow },
	"full, autozi":        func(c *Config) { c.Model, c.GeneLikelihood, c.Posterior = AutoZI, "zinb", Full },
	"linear":              func(c *Config) { c.Model, c.UseObservedLibSize = LinearSCVI, false },
	"linear zinb":         func(c *Config) { c.Model, c.GeneLikelihood, c.Bias = LinearSCVI, "zinb", true },
	"linear without norm": func(c *Config) { c.Model, c.UseBatchNorm, c.Bias, c.NBatch = LinearSCVI, "encoder", true, 1 },
	"autozi":              func(c *Config) { c.Model, c.GeneLikelihood = AutoZI, "zinb" },
	"autozi by batch":     func(c *Config) { c.Model, c.GeneLikelihood, c.ZeroInflation = AutoZI, "zinb", "gene-batch" },
	"autozi by label": func(c *Config) {
		c.Model, c.GeneLikelihood, c.ZeroInflation, c.Dispersion = AutoZI, "zinb", "gene-label", "gene-batch"
	},
	"autozi, gene-cell": func(c *Config) {
		c.Model, c.GeneLikelihood, c.Dispersion, c.MinimalDropout = AutoZI, "zinb", "gene-cell", 0
	},
}

func covariates(c *Config) { c.NCatsPerCov, c.NContinuousCov, c.NLayers = []int{1, 4}, 2, 2 }

// small is a variant of few units.
func small(set func(c *Config)) Config {
	cfg := DefaultConfig()
	cfg.NInput, cfg.NBatch, cfg.NLabels, cfg.NHidden, cfg.NLatent, cfg.DropoutRate = 37, 3, 2, 6, 3, 0.2
	set(&cfg)
	return cfg
}

// TestGradientOfLoss holds the whole backward pass, every parameter of every variant,
// to central differences of the loss in float64, with noise and dropout masks
// frozen.
func TestGradientOfLoss(t *testing.T) {
	for name, set := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := New[float64](small(set))
			v.Initialize(3)
			stir(v)
			checkGradient(t, v, randomMinibatch(v, randomCells(9, v.Config)))
		})
	}
}

// checkGradient tries up to forty elements of each parameter. The loss is about
// 1e3 with 1e-13 of rounding, so a step of 1e-5 leaves differences good to 1e-6
// of the largest gradient; a ReLU that flips inside the step would show as more.
func checkGradient(t *testing.T, v *VAE[float64], m *Minibatch[float64]) {
	p := newPass(v, serial{})
	const weight, h = 0.7, 1e-5
	p.weight = 2.5
	if v.head.auto != nil {
		freeze(p, v)
	}
	p.forward(m, true)
	p.backward(weight, func(lo, hi int) {}, nothing)
	grad := append([]float64{}, v.grad...)
	for _, q := range v.params {
		scale := 0.0
		for _, g := range grad[q.lo:q.hi] {
			scale = math.Max(scale, math.Abs(g))
		}
		for i := q.lo; i < q.hi; i += max(1, (q.hi-q.lo)/40) {
			old := v.value[i]
			at := func(x float64) float64 { v.value[i] = x; p.forward(m, true); return p.loss(weight) }
			want := (at(old+h) - at(old-h)) / (2 * h)
			v.value[i] = old
			// The second part is the rounding of the loss.
			if math.Abs(grad[i]-want) > 1e-5*math.Abs(want)+1e-6*scale+1e-6+1e-15*math.Abs(p.loss(weight))/h {
				t.Errorf("%s[%d]: gradient %.9g, finite difference %.9g", q.name, i-q.lo, grad[i], want)
			}
		}
	}
}

// TestGradientFloat32 holds the C kernels' gradient to the float64 reference on
// the same model, blocks of genes more than one.
func TestGradientFloat32(t *testing.T) {
	for name, set := range variants {
		t.Run(name, func(t *testing.T) {
			cfg := small(set)
			cfg.NInput, cfg.NHidden = 700, 64
			v32, v64 := New[float32](cfg), New[float64](cfg)
			v32.Initialize(1)
			stir(v32)
			if err := v64.Load(v32.Tensors()); err != nil {
				t.Fatal(err)
			}
			cells := randomCells(40, cfg)
			p32, p64 := newPass(v32, serial{}), newPass(v64, serial{})
			m32, m64 := randomMinibatch(v32, cells), randomMinibatch(v64, cells)
			p32.forward(m32, true)
			p64.forward(m64, true)
			p32.backward(1, func(lo, hi int) {}, nothing)
			p64.backward(1, func(lo, hi int) {}, nothing)
			scale := map[string]float64{} // of a layer: its bias may be 0 of large terms
			for _, g := range v64.Gradients() {
				scale[stem(g.Name)] = math.Max(scale[stem(g.Name)], largest(g.Data))
			}
			for i, g := range v64.Gradients() {
				near(t, g.Name, v32.Gradients()[i].Data, g.Data, 1e-3, 3e-5*scale[stem(g.Name)]+1e-5)
			}
		})
	}
}

// stem is a parameter's name without its last part: one layer's weight and bias share it.
func stem(name string) string { return name[:max(strings.LastIndex(name, "."), 0)] }

// freeze makes the logarithms of AutoZI's gamma draws linear functions of their shapes,
// so that what is drawn can be differentiated by differences.
func freeze(p *Pass[float64], v *VAE[float64]) {
	a, src := v.head.auto, rand.NewPCG(1, 2)
	var drawn [][2]gammaDraw
	var at [][2]float64
	for i := range a.alpha.p.w {
		alpha, beta := sigmoid(a.alpha.p.w[i]), sigmoid(a.beta.p.w[i])
		drawn, at = append(drawn, [2]gammaDraw{drawGamma(alpha, src), drawGamma(beta, src)}), append(at, [2]float64{alpha, beta})
	}
	p.head.auto.given = func(i int, alpha, beta float64) [2]gammaDraw {
		d := drawn[i]
		d[0].log += d[0].slope * (alpha - at[i][0])
		d[1].log += d[1].slope * (beta - at[i][1])
		return d
	}
}

// A gamma draw moves with its shape as its quantile does.
func TestGammaSlope(t *testing.T) {
	for _, a := range []float64{0.03, 0.2, 0.5, 0.97} {
		for _, u := range []float64{0.05, 0.3, 0.7, 0.99, 0.99999} {
			const h = 1e-4
			x := mathext.GammaIncRegInv(a, u)
			want := (math.Log(mathext.GammaIncRegInv(a+h, u)) - math.Log(mathext.GammaIncRegInv(a-h, u))) / (2 * h)
			if got := gammaSlope(a, x, math.Log(x)); math.Abs(got-want) > 1e-4*math.Abs(want) {
				t.Errorf("shape %g, quantile %g: slope %.8g, want %.8g", a, u, got, want)
			}
		}
	}
}

// TestLayerGradients holds each layer's Backward alone to central differences of
// a random projection of its output.
func TestLayerGradients(t *testing.T) {
	const b, in, codes, out, h = 7, 5, 3, 4, 1e-6
	rng := rand.New(rand.NewPCG(1, 9))
	draw := func(n int) []float64 {
		x := make([]float64, n)
		normal(rng, x)
		return x
	}
	ops := kernel.New[float64]()
	s := &slabs[float64]{}
	lin, hid := newLinear(s, "linear", in, codes, out), newHidden(s, "norm", out, true, true)
	s.allot()
	copy(s.value, draw(len(s.value)))
	x, code, dy, mask := draw(b*in), onehot{[]int32{0, 1, 2, 0, 1, 2, 2}, 1}, draw(b*out), draw(b*out)
	for i := range mask { // as dropout's: never negative, some 0
		mask[i] = math.Max(mask[i], 0)
	}
	a := &activations[float64]{}
	a.resize(b, hid)
	output := func() float64 {
		lin.forward(ops, b, x, code, a.x)
		hid.forward(ops, b, true, mask, a)
		sum := 0.0
		for i, v := range a.y {
			sum += v * dy[i]
		}
		return sum
	}
	output()
	copy(a.dy, dy)
	dx := make([]float64, b*in)
	hid.backward(ops, b, a)
	lin.backward(ops, b, x, code, a.dy, dx)
	grad := append(append([]float64{}, s.grad...), dx...)
	for i, at := range append(pointers(s.value), pointers(x)...) {
		old := *at
		*at = old + h
		up := output()
		*at = old - h
		want := (up - output()) / (2 * h)
		*at = old
		if math.Abs(grad[i]-want) > 1e-6*math.Abs(want)+1e-6 {
			t.Errorf("element %d: gradient %.9g, finite difference %.9g", i, grad[i], want)
		}
	}
}

func pointers(x []float64) []*float64 {
	p := make([]*float64, len(x))
	for i := range x {
		p[i] = &x[i]
	}
	return p
}

// TestLatentGradient holds the reparameterized sample and the KL together.
func TestLatentGradient(t *testing.T) {
	mean, raw, noise, proj := []float64{.5, -1, 2}, []float64{.2, -.7, -9}, []float64{.3, -2, 1}, []float64{1, -2, .5}
	variance, z, kl := make([]float64, 3), make([]float64, 3), make([]float64, 1)
	const weight = 0.6
	f := func() float64 {
		latent(mean, raw, noise, variance, z)
		klNormal(3, mean, variance, kl)
		return weight*kl[0] + proj[0]*z[0] + proj[1]*z[1] + proj[2]*z[2]
	}
	f()
	dmean, draw := make([]float64, 3), make([]float64, 3)
	latentBackward(weight, proj, mean, variance, noise, dmean, draw)
	for i, at := range append(pointers(mean), pointers(raw)...) {
		got, old := append(append([]float64{}, dmean...), draw...)[i], *at
		*at = old + 1e-6
		up := f()
		*at = old - 1e-6
		want := (up - f()) / 2e-6
		*at = old
		if math.Abs(got-want) > 1e-6*math.Max(1, math.Abs(want)) {
			t.Errorf("element %d: gradient %.9g, finite difference %.9g", i, got, want)
		}
	}
	// scvi-tools' value for m = (.5, −1), variances exp(.2)+1e-4, exp(−.7)+1e-4.
	latent(mean[:2], raw[:2], noise[:2], variance[:2], z[:2])
	if klNormal(2, mean[:2], variance[:2], kl); math.Abs(kl[0]-0.733952418615) > 1e-12 {
		t.Errorf("KL is %.12f, want 0.733952418615", kl[0])
	}
}

// nothing is no tasks for a backward's meanwhile.
func nothing() (int, func(int)) { return 0, nil }
