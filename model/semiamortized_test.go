package model

import (
	"math"
	"slices"
	"testing"
)

// TestRefinedGradient holds the gradient of a semi-amortized step to central differences
// in float64: the decoder's at the refined posteriors, held fixed; the encoder's of its
// own ELBO at the first step's draw.
func TestRefinedGradient(t *testing.T) {
	for name, set := range trainable(Objective{Refine: 1}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := New[float64](small(set))
			v.Initialize(3)
			checkRefined(t, v, redrawn(v, 9, 2))
		})
	}
}

func checkRefined(t *testing.T, v *VAE[float64], m *Minibatch[float64]) {
	const weight, h = 0.7, 1e-5
	s := newSemi(newPass(v, serial{}), 2)
	s.Pass.weight = 2.5
	if v.head.auto != nil {
		freeze(s.Pass, v)
	}
	s.forward(m, weight)
	s.backward(weight, func(lo, hi int) {}, nothing)
	grad := slices.Clone(v.grad)
	decoder := func() float64 { // the last forward of the step, again
		s.draw(own)
		s.decode(true)
		s.score(true)
		return s.loss(weight)
	}
	first := *m
	first.Noise, first.NoiseL = slices.Clone(m.Noise), slices.Clone(m.NoiseL)
	for i := range m.B {
		z, size := m.again(1, i, v.NLatent)
		copy(first.Noise[i*v.NLatent:], z)
		copy(first.NoiseL[min(i, len(m.NoiseL)):], size)
	}
	p := newPass(v, serial{})
	p.weight, p.head.auto.given = s.Pass.weight, s.head.auto.given
	encoder := func() float64 { p.forward(&first, true); return p.loss(weight) }
	for _, q := range v.params {
		loss := encoder
		switch {
		case q.name == "_embeddings_dict.batch.weight":
			continue // both see it, each at its own posteriors
		case decodes(q.name) || v.head.auto != nil && (q == v.head.auto.alpha.p || q == v.head.auto.beta.p):
			loss = decoder
			if v.head.auto != nil && !decodes(q.name) {
				continue // drawn before the step's forward, once
			}
		}
		scale := 0.0
		for _, g := range grad[q.lo:q.hi] {
			scale = math.Max(scale, math.Abs(g))
		}
		for i := q.lo; i < q.hi; i += max(1, (q.hi-q.lo)/8) {
			old := v.value[i]
			at := func(x float64) float64 { v.value[i] = x; return loss() }
			want := (at(old+h) - at(old-h)) / (2 * h)
			v.value[i] = old
			if math.Abs(grad[i]-want) > 1e-5*math.Abs(want)+1e-6*scale+1e-6+1e-15*math.Abs(loss())/h {
				t.Errorf("%s[%d]: gradient %.9g, finite difference %.9g", q.name, i-q.lo, grad[i], want)
			}
		}
	}
}

// decodes says whether a parameter is the decoder's alone.
func decodes(name string) bool {
	return name == "px_r" || len(name) > 8 && name[:8] == "decoder."
}

// Refined posteriors explain their cells better than the encoder's, on the same noise, and
// the more steps the better; running statistics move by the last forward alone.
func TestRefinementClimbs(t *testing.T) {
	for name, set := range map[string]func(c *Config){"nb": variants["nb"], "zinb": variants["size factor zinb"], "latent library": variants["latent library"],
		"logistic-normal": variants["logistic-normal"], "linear": variants["linear zinb"], "autozi": variants["autozi"]} {
		cfg := small(set)
		cfg.NInput = 200
		cells := randomCells(200, cfg)
		v, _ := trainObjective(t, cfg, cells, quickly(3, Objective{}), 1, false)
		m := &Minibatch[float32]{}
		d := v.draws(5, 1, 2)
		d.more = 8
		rows := all(cells)[:128]
		m.fill(cells, rows, v.frame)
		m.draw(cells, rows, d)
		before := v.Tensors()
		last := math.Inf(1)
		for _, steps := range []int{0, 2, 8} {
			if err := v.Load(before); err != nil {
				t.Fatal(err)
			}
			s := newSemi(newPass(v, serial{}), steps)
			s.forward(m, 1)
			if loss := s.loss(1); !(loss < last) {
				t.Errorf("%s: after %d steps the loss is %g, before %g", name, steps, loss, last)
			} else {
				last = loss
			}
		}
	}
}

// Where log p(x|z) is quadratic and the variance that of the posterior, the steps reach the
// posterior's mean.
func TestRefineGaussian(t *testing.T) {
	const curvature, centre, mp, vp = 9.0, 2.0, 0.5, 0.25
	g := gaussians[float64]{mean: []float64{-1}, variance: []float64{1 / (curvature + 1/vp)}}
	for range 60 {
		g.step(0, 1, curvature*(g.mean[0]-centre), mp, vp)
	}
	if want := (centre*curvature + mp/vp) / (curvature + 1/vp); math.Abs(g.mean[0]-want) > 1e-9 {
		t.Errorf("the mean goes to %g, not %g", g.mean[0], want)
	}
}

// Semi-amortized training has the same bits for any number of threads and however often
// it is stopped.
func TestRefinedTrains(t *testing.T) {
	for name, set := range map[string]func(c *Config){"zinb": variants["gene-label zinb"], "latent library": variants["latent library, embedded"], "linear": variants["linear"], "autozi": variants["autozi by batch"]} {
		cfg := small(set)
		cfg.NInput = 300
		opt := quickly(3, Objective{Refine: 2})
		cells := randomCells(200, cfg)
		one, history := trainObjective(t, cfg, cells, opt, 1, false)
		three, _ := trainObjective(t, cfg, cells, opt, 3, true)
		for i, x := range one.Tensors() {
			if !slices.Equal(x.Data, three.Tensors()[i].Data) {
				t.Errorf("%s: %s differs between 1 thread and 3 with stops", name, x.Name)
			}
		}
		if first, last := history[0].Train.ELBO(), history[len(history)-1].Train.ELBO(); !(last < first) {
			t.Errorf("%s: the ELBO's loss went from %g to %g", name, first, last)
		}
	}
}

func TestObjectivesExclude(t *testing.T) {
	opt := quickly(1, Objective{IWAE: 2, Refine: 1})
	if err := opt.Validate(small(variants["nb"])); err == nil {
		t.Error("both are taken")
	}
}
