package model

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// more is two more batches, one more label and one more level of every covariate.
func more(l Levels) Levels {
	to := Levels{Batch: l.Batch + 2, Labels: l.Labels + 1}
	for _, n := range l.Cats {
		to.Cats = append(to.Cats, n+1)
	}
	return to
}

func extended(t *testing.T, v *VAE[float32], begin string) *VAE[float32] {
	t.Helper()
	n, err := v.Extend(more(v.Levels()), begin, 4)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// numbersOf is all that a model says of cells: latents, shares, losses.
func numbersOf(t *testing.T, v *VAE[float32], cells *Cells) (latent, decoded []float32, losses []float64) {
	t.Helper()
	n := cells.Len()
	latent, decoded, losses = make([]float32, 2*n*v.NLatent), make([]float32, n*v.NInput), make([]float64, 3*n)
	e := NewEvaluator(v, 1)
	if err := e.Posterior(context.Background(), cells, rows32(n), latent[:n*v.NLatent], latent[n*v.NLatent:]); err != nil {
		t.Fatal(err)
	}
	err := e.Generate(context.Background(), cells, rows32(n), Generation{Batch: -1, Losses: true}, func(g *Generated) error {
		copy(decoded[g.First*v.NInput:], g.Scale)
		copy(losses[g.First:], g.Rec)
		copy(losses[n+g.First:], g.KL)
		copy(losses[2*n+g.First:], g.KLLibrary)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return latent, decoded, losses
}

// What a model says of the reference's cells has the same bits after surgery, whatever
// covariates it has and wherever they go in, and whatever new levels begin as.
func TestExtendKeepsReferenceCells(t *testing.T) {
	for name, set := range variants {
		cfg := small(set)
		if cfg.Model != SCVI {
			continue
		}
		t.Run(name, func(t *testing.T) {
			v := New[float32](cfg)
			v.Initialize(3)
			stir(v)
			cells := randomCells(40, cfg)
			latent, decoded, losses := numbersOf(t, v, cells)
			for _, begin := range []string{FromMean, FromRandom} {
				l, d, s := numbersOf(t, extended(t, v, begin), cells)
				if !slices.Equal(l, latent) || !slices.Equal(d, decoded) || !slices.Equal(s, losses) {
					t.Errorf("new levels as %s: the reference's cells have other numbers", begin)
				}
			}
		})
	}
}

// Columns stand where their covariates' are, by hand: batches 3 to 5, a covariate of
// one level, which had no column, to 2, one of four levels to 5.
func TestExtendAlignsColumns(t *testing.T) {
	cfg := small(func(c *Config) { covariates(c); c.EncodeCovariates = true })
	v := New[float32](cfg)
	v.Initialize(3)
	n := extended(t, v, FromMean)
	const zero, mean3, mean4 = -1, -2, -3 // else: the old column
	hot := []int{0, 1, 2, mean3, mean3, zero, zero, 3, 4, 5, 6, mean4}
	before := map[string]int{"z_encoder.encoder.fc_layers.Layer 0.0.weight": 37 + 2, "z_encoder.encoder.fc_layers.Layer 1.0.weight": 6,
		"decoder.px_decoder.fc_layers.Layer 0.0.weight": 3 + 2, "decoder.px_decoder.fc_layers.Layer 1.0.weight": 6}
	olds, news := byName(v.Tensors()), byName(n.Tensors())
	for name, in := range before {
		a, b := olds[name], news[name]
		if a.Shape[1] != in+7 || b.Shape[1] != in+12 {
			t.Fatalf("%s has %v columns, then %v", name, a.Shape, b.Shape)
		}
		for r := range a.Shape[0] {
			from, to := a.Data[r*(in+7):(r+1)*(in+7)], b.Data[r*(in+12):(r+1)*(in+12)]
			mean := func(cols []float32) float32 {
				sum := 0.0
				for _, x := range cols {
					sum += float64(x)
				}
				return float32(sum / float64(len(cols)))
			}
			want := slices.Clone(from[:in])
			for _, c := range hot {
				want = append(want, map[int]float32{zero: 0, mean3: mean(from[in : in+3]), mean4: mean(from[in+3:])}[c])
				if c >= 0 {
					want[len(want)-1] = from[in+c]
				}
			}
			if !slices.Equal(to, want) {
				t.Fatalf("%s, row %d: columns %v, want %v", name, r, to[in:], want[in:])
			}
		}
	}
}

// Vectors and dispersions of new levels begin as means, old ones stay.
func TestExtendEmbeddingAndDispersion(t *testing.T) {
	v := New[float32](small(func(c *Config) {
		c.BatchRepresentation, c.BatchEmbeddingDim, c.Dispersion, c.UseObservedLibSize = "embedding", 2, "gene-batch", false
	}))
	v.Initialize(3)
	if err := v.SetLibraryPrior([]float64{5, 6, 7}, []float64{0.5, 0.6, 0.7}); err != nil {
		t.Fatal(err)
	}
	old, now := byName(v.Tensors()), byName(extended(t, v, FromMean).Tensors())
	e, f := old["_embeddings_dict.batch.weight"].Data, now["_embeddings_dict.batch.weight"].Data
	if !slices.Equal(f[:6], e) || f[6] != float32((float64(e[0])+float64(e[2])+float64(e[4]))/3) || !slices.Equal(f[6:8], f[8:10]) {
		t.Errorf("vectors %v of %v", f, e)
	}
	r, s := old["px_r"].Data, now["px_r"].Data
	for g := range 37 {
		a, b := r[3*g:3*g+3], s[5*g:5*g+5]
		mean := float32((float64(a[0]) + float64(a[1]) + float64(a[2])) / 3)
		if !slices.Equal(b, append(slices.Clone(a), mean, mean)) {
			t.Fatalf("px_r of gene %d: %v of %v", g, b, a)
		}
	}
	if m, w := now["library_log_means"].Data, now["library_log_vars"].Data; !slices.Equal(m, []float32{5, 6, 7, 0, 0}) || !slices.Equal(w, []float32{0.5, 0.6, 0.7, 1, 1}) {
		t.Errorf("library prior %v %v", m, w)
	}
}

// New columns may be drawn as a new model's: from U(−1/sqrt(fan in), 1/sqrt(fan in)).
func TestExtendAtRandom(t *testing.T) {
	v := New[float32](small(func(c *Config) {}))
	v.Initialize(3)
	w := byName(extended(t, v, FromRandom).Tensors())["decoder.px_decoder.fc_layers.Layer 0.0.weight"]
	seen := map[float32]bool{}
	for r := range w.Shape[0] {
		for _, x := range w.Data[r*8+6 : r*8+8] {
			if seen[x] || math.Abs(float64(x)) > 1/math.Sqrt(8) {
				t.Errorf("%g is drawn twice, or out of range", x)
			}
			seen[x] = true
		}
	}
}

// A covariate of one level has had no column: the old level's is 0, and the new one's
// what a new model has, or the mean, 0.
func TestExtendOneLevel(t *testing.T) {
	v := New[float32](small(func(c *Config) { c.NBatch = 1 }))
	v.Initialize(3)
	for begin, random := range map[string]bool{FromMean: false, FromRandom: true} {
		n, err := v.Extend(Levels{2, 2, nil}, begin, 7)
		if err != nil {
			t.Fatal(err)
		}
		w := byName(n.Tensors())["decoder.px_decoder.fc_layers.Layer 0.0.weight"] // (6, 3 + 2)
		for r := range w.Shape[0] {
			if old, now := w.Data[r*5+3], w.Data[r*5+4]; old != 0 || (now != 0) != random {
				t.Errorf("%s: unit %d has columns %g and %g", begin, r, old, now)
			}
		}
	}
}

func TestExtendRefuses(t *testing.T) {
	v := New[float32](small(func(c *Config) { c.NCatsPerCov = []int{2} }))
	linear := New[float32](small(func(c *Config) { c.Model = LinearSCVI }))
	for _, x := range []struct {
		v     *VAE[float32]
		to    Levels
		words string
	}{
		{v, Levels{2, 2, []int{2}}, "covariate 1 (batch, label, then the others) has 2 levels, the reference 3"},
		{v, Levels{3, 2, []int{1}}, "covariate 3"},
		{v, Levels{3, 2, nil}, "0 categorical covariates for a model of 1"},
		{linear, Levels{4, 2, nil}, "LinearSCVI takes no query"},
	} {
		if _, err := x.v.Extend(x.to, FromMean, 0); err == nil || !strings.Contains(fmt.Sprint(err), x.words) {
			t.Errorf("%v: %v", x.to, err)
		}
	}
}

func byName(list []Tensor) map[string]Tensor {
	m := map[string]Tensor{}
	for _, x := range list {
		m[x.Name] = x
	}
	return m
}
