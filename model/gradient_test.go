package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"cellvi/model/kernel"
)

// randomCells draws cells with batches, one of them empty and one with a large count.
func randomCells(n, genes, batches int) *Cells {
	rng := rand.New(rand.NewPCG(7, 8))
	c := NewCells(genes, n, Extent{})
	for i := range n {
		var at []int32
		var counts []float32
		for g := range genes {
			if i != 2 && rng.Float64() < 0.3 {
				at, counts = append(at, int32(g)), append(counts, float32(1+rng.IntN(30)*rng.IntN(3)))
			}
		}
		if i == 3 {
			counts[len(counts)-1] = 5000
		}
		c.Append(at, counts, int32(i%batches), int64(i))
	}
	return c
}

func randomMinibatch[T kernel.Float](v *VAE[T], c *Cells, rate float64) *Minibatch[T] {
	m := &Minibatch[T]{}
	rows := all(c)
	m.fill(c, rows, v.head.bounds)
	m.draw(c, rows, draws{seed: 5, noise: LatentNoise, epoch: 1, latent: v.NLatent, layers: v.NLayers, h: v.NHidden, rate: rate})
	return m
}

// TestGradientOfLoss holds the whole backward pass, every parameter, to central
// differences of the loss in float64, with noise and dropout masks frozen.
func TestGradientOfLoss(t *testing.T) {
	for _, c := range []struct {
		layers, batches, genes int
		rate                   float64
	}{{1, 3, 37, 0}, {2, 1, 20, 0.2}, {2, 4, 300, 0}} {
		t.Run(fmt.Sprintf("%d layers %d batches %d genes dropout %g", c.layers, c.batches, c.genes, c.rate), func(t *testing.T) {
			cfg := DefaultConfig()
			cfg.NInput, cfg.NBatch, cfg.NLayers, cfg.NHidden, cfg.NLatent = c.genes, c.batches, c.layers, 6, 3
			v := New[float64](cfg)
			v.Initialize(3)
			m := randomMinibatch(v, randomCells(9, c.genes, c.batches), c.rate)
			checkGradient(t, v, m)
		})
	}
}

// checkGradient tries up to forty elements of each parameter. The loss is about
// 1e3 with 1e-13 of rounding, so a step of 1e-5 leaves differences good to 1e-6
// of the largest gradient; a ReLU that flips inside the step would show as more.
func checkGradient(t *testing.T, v *VAE[float64], m *Minibatch[float64]) {
	p := newPass(v, serial{})
	const weight, h = 0.7, 1e-5
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
			if math.Abs(grad[i]-want) > 1e-5*math.Abs(want)+1e-6*scale+1e-6 {
				t.Errorf("%s[%d]: gradient %.9g, finite difference %.9g", q.name, i-q.lo, grad[i], want)
			}
		}
	}
}

// TestGradientFloat32 holds the C kernels' gradient to the float64 reference on
// the same model, blocks of genes more than one.
func TestGradientFloat32(t *testing.T) {
	cfg := DefaultConfig()
	cfg.NInput, cfg.NBatch, cfg.NLayers = 700, 3, 2
	v32, v64 := New[float32](cfg), New[float64](cfg)
	v32.Initialize(1)
	if err := v64.Load(v32.Tensors()); err != nil {
		t.Fatal(err)
	}
	cells := randomCells(40, 700, 3)
	p32, p64 := newPass(v32, serial{}), newPass(v64, serial{})
	m32, m64 := randomMinibatch(v32, cells, 0.1), randomMinibatch(v64, cells, 0.1)
	p32.forward(m32, true)
	p64.forward(m64, true)
	p32.backward(1, func(lo, hi int) {}, nothing)
	p64.backward(1, func(lo, hi int) {}, nothing)
	for i, g := range v64.Gradients() {
		// 1e-5: a bias before batch normalization has gradient 0, of terms near 1.
		near(t, g.Name, v32.Gradients()[i].Data, g.Data, 1e-3, 3e-5*largest(g.Data)+1e-5)
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
	lin, hid := newLinear(s, "linear", in, codes, out), newHidden(s, "norm", out)
	s.allot()
	copy(s.value, draw(len(s.value)))
	x, code, dy, mask := draw(b*in), []int32{0, 1, 2, 0, 1, 2, 2}, draw(b*out), draw(b*out)
	for i := range mask { // as dropout's: never negative, some 0
		mask[i] = math.Max(mask[i], 0)
	}
	a := &activations[float64]{}
	a.resize(b, out)
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
