package model

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
)

// defaultFreezing is scvi-tools'.
func defaultFreezing() Freezing {
	return Freezing{Expression: true, DecoderFirstLayer: true, BatchNormEncoder: true}
}

// queryConfig is the reference of the tests: batches a, b; covariates x, y and p, q, r.
func queryConfig(set func(c *Config)) Config {
	return small(func(c *Config) {
		c.NBatch, c.NLabels, c.NCatsPerCov, c.NContinuousCov, c.NLayers, c.EncodeCovariates = 2, 1, []int{2, 3}, 1, 2, true
		set(c)
	})
}

// trainQuery trains a query of batches b, c, levels y, z and p, r of the reference for
// three epochs; the model before and after.
func trainQuery(t *testing.T, cfg Config, f Freezing, opt TrainOptions) (ref, before, after *VAE[float32]) {
	t.Helper()
	ref = New[float32](cfg)
	ref.Initialize(3)
	for _, n := range ref.norms() {
		for i := range n.beta.w {
			n.beta.w[i] = 1 // no unit is dead
		}
	}
	prepare := func() *VAE[float32] {
		v, err := ref.Extend(Levels{3, 1, []int{3, 3}}, FromMean, 0)
		if err != nil {
			t.Fatal(err)
		}
		v.Freeze(f, ref.Levels())
		return v
	}
	before, after = prepare(), prepare()
	tr := NewTrainer(after, queryCells(cfg), numbersTo(64), nil, opt)
	defer tr.Close()
	runEpochs(t, tr)
	return ref, before, after
}

func queryCells(cfg Config) *Cells {
	cells := randomCells(64, cfg)
	for i := range cells.Len() {
		cells.Batch[i] = int32(1 + i%2)
		cells.Cat[2*i], cells.Cat[2*i+1] = int32(1+i/2%2), int32(i/3%2*2)
	}
	return cells
}

func queryOptions() TrainOptions {
	opt := testOptions(3, 1)
	opt.Adam.WeightDecay = 0.1 // would move whatever is not frozen in truth
	return opt
}

// moved describes what of each tensor changed, a digit a column (or an element of a
// vector): 1 where any number did. Tensors that stayed are left out.
func moved(before, after *VAE[float32]) map[string]string {
	out := map[string]string{}
	now := byName(after.Tensors())
	for _, a := range before.Tensors() {
		b, columns := now[a.Name], a.Shape[len(a.Shape)-1]
		text := []byte(strings.Repeat("0", columns))
		for i, x := range a.Data {
			if b.Data[i] != x {
				text[i%columns] = '1'
			}
		}
		if strings.Contains(string(text), "1") {
			out[a.Name] = string(text)
		}
	}
	return out
}

// What moves is what scvi-tools 1.4.2 moves in a query of the same levels, as it was
// seen to, but for three differences: old columns of the encoder stay, columns are in
// their own blocks, and new vectors and dispersions move.
func TestFreezeMovesOnlyWhatItShould(t *testing.T) {
	const e0, e1 = "z_encoder.encoder.fc_layers.Layer 0.0.weight", "z_encoder.encoder.fc_layers.Layer 1.0.weight"
	const d0, d1 = "decoder.px_decoder.fc_layers.Layer 0.0.weight", "decoder.px_decoder.fc_layers.Layer 1.0.weight"
	genes, six := strings.Repeat("0", 37), strings.Repeat("0", 6)
	// batches a b c, levels x y z, levels p q r: b c, y z and p r have cells.
	const added, used = "001001000", "011011101"
	norm := map[string]string{}
	for _, layer := range []string{"0", "1"} {
		for _, of := range []string{"weight", "bias"} {
			norm["decoder.px_decoder.fc_layers.Layer "+layer+".1."+of] = "111111"
		}
	}
	free := func(base map[string]string, more ...string) map[string]string {
		all := map[string]string{}
		maps.Copy(all, base)
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	standard := free(norm, e0, genes+"0"+added, e1, six+added, d0, "0000"+used, d1, six+used)
	for _, x := range []struct {
		name string
		set  func(c *Config)
		f    func(f *Freezing)
		want map[string]string
	}{
		{"default", func(*Config) {}, func(*Freezing) {}, standard},
		{"covariates not encoded", func(c *Config) { c.EncodeCovariates = false }, func(*Freezing) {}, free(norm, d0, "0000"+used, d1, six+used)},
		{"not deep", func(c *Config) { c.DeeplyInject = false }, func(*Freezing) {}, free(norm, e0, genes+"0"+added, d0, "0000"+used)},
		{"decoder's norm frozen", func(*Config) {}, func(f *Freezing) { f.BatchNormDecoder = true },
			free(nil, e0, genes+"0"+added, e1, six+added, d0, "0000"+used, d1, six+used)},
		{"decoder's first layer free", func(*Config) {}, func(f *Freezing) { f.DecoderFirstLayer = false },
			free(standard, d0, "1111"+used, "decoder.px_decoder.fc_layers.Layer 0.0.bias", "111111")},
		{"dispersion by batch", func(c *Config) { c.Dispersion = "gene-batch" }, func(*Freezing) {}, free(standard, "px_r", "001")},
		{"batch embedded", func(c *Config) { c.BatchRepresentation, c.BatchEmbeddingDim = "embedding", 2 }, func(*Freezing) {},
			free(norm, "_embeddings_dict.batch.weight", "11", e0, genes+"000"+added[3:], e1, six+added[3:], d0, "000000"+used[3:], d1, six+used[3:])},
	} {
		t.Run(x.name, func(t *testing.T) {
			f := defaultFreezing()
			x.f(&f)
			opt := queryOptions()
			_, _, decayed := trainQuery(t, queryConfig(x.set), f, opt)
			opt.Adam.WeightDecay = 0 // which moves columns of levels without cells too
			_, before, after := trainQuery(t, queryConfig(x.set), f, opt)
			got := moved(before, after)
			if touched := moved(before, decayed); len(touched) != len(x.want) {
				t.Errorf("with weight decay %v moved", touched)
			}
			for name := range free(got, keys(x.want)...) {
				if got[name] != x.want[name] {
					t.Errorf("%s: %q moved, want %q", name, got[name], x.want[name])
				}
			}
		})
	}
}

// keys are those of m, each followed by an empty text.
func keys(m map[string]string) (list []string) {
	for k := range m {
		list = append(list, k, "")
	}
	return list
}

// Only the new batch's vector moves, not those of the reference's batches.
func TestFreezeKeepsOldVectors(t *testing.T) {
	cfg := queryConfig(func(c *Config) { c.BatchRepresentation, c.BatchEmbeddingDim = "embedding", 2 })
	_, before, after := trainQuery(t, cfg, defaultFreezing(), queryOptions())
	a, b := before.embed.w, after.embed.w
	if !slices.Equal(a[:4], b[:4]) || a[4] == b[4] || a[5] == b[5] {
		t.Errorf("vectors %v became %v", a, b)
	}
}

// The encoder of a latent library size is free altogether, as in scvi-tools.
func TestFreezeLibraryEncoderMoves(t *testing.T) {
	_, before, after := trainQuery(t, queryConfig(func(c *Config) { c.UseObservedLibSize = false }), defaultFreezing(), queryOptions())
	got := moved(before, after)
	for _, p := range before.params {
		if strings.HasPrefix(p.name, "l_encoder.") && !strings.Contains(got[p.name], "1") {
			t.Errorf("%s stayed", p.name)
		}
	}
}

// The latents of the reference's cells have the same bits after training a query, in
// either mode, unless what makes them was let free.
func TestFreezeKeepsReferenceLatents(t *testing.T) {
	for name, f := range map[string]func(f *Freezing){
		"default":               func(f *Freezing) {},
		"training mode":         func(f *Freezing) { f.TrainingMode = true },
		"decoder free":          func(f *Freezing) { f.DecoderFirstLayer = false },
		"expression free":       func(f *Freezing) { f.Expression = false },
		"encoder's norm free":   func(f *Freezing) { f.BatchNormEncoder = false },
		"its statistics follow": func(f *Freezing) { f.BatchNormEncoder, f.TrainingMode = false, true },
		"unfrozen":              func(f *Freezing) { f.Unfrozen = true },
	} {
		t.Run(name, func(t *testing.T) {
			for _, set := range []func(c *Config){func(c *Config) {}, func(c *Config) { c.UseObservedLibSize, c.LatentDistribution = false, "ln" },
				func(c *Config) { c.BatchRepresentation = "embedding" }} {
				o := defaultFreezing()
				f(&o)
				ref, _, after := trainQuery(t, queryConfig(set), o, queryOptions())
				cells := randomCells(40, ref.Config)
				old, _, _ := numbersOf(t, ref, cells)
				now, _, _ := numbersOf(t, after, cells)
				if same := slices.Equal(old, now); same != o.KeepsLatent() {
					t.Errorf("latents the same: %v, KeepsLatent says %v", same, o.KeepsLatent())
				}
			}
		})
	}
}

// Running statistics stay, but the decoder's in training mode.
func TestFreezeRunningStatistics(t *testing.T) {
	for _, training := range []bool{false, true} {
		f := defaultFreezing()
		f.TrainingMode = training
		_, before, after := trainQuery(t, queryConfig(func(*Config) {}), f, queryOptions())
		for name := range moved(before, after) {
			if strings.Contains(name, "running") && !(training && strings.HasPrefix(name, "decoder.")) {
				t.Errorf("training mode %v: %s moved", training, name)
			}
		}
		if _, moves := moved(before, after)["decoder.px_decoder.fc_layers.Layer 0.1.running_mean"]; moves != training {
			t.Errorf("training mode %v: the decoder's running mean moved: %v", training, moves)
		}
	}
}

// Dropout is on in training mode alone, and off there where it is frozen.
func TestFreezeDropout(t *testing.T) {
	for _, x := range []struct {
		f    Freezing
		want float64
	}{{Freezing{}, 0}, {Freezing{TrainingMode: true}, 0.2}, {Freezing{TrainingMode: true, Dropout: true}, 0}} {
		v := New[float32](small(func(*Config) {}))
		if v.Freeze(x.f, v.Levels()); v.DropoutRate != x.want {
			t.Errorf("%+v: dropout %g, want %g", x.f, v.DropoutRate, x.want)
		}
	}
}

// The gradient through normalization by running statistics is that of differences,
// and what it computes is what evaluation does.
func TestGradientByRunningStatistics(t *testing.T) {
	for _, set := range []func(c *Config){func(c *Config) {}, func(c *Config) { c.UseLayerNorm = "both" }, func(c *Config) { c.UseObservedLibSize = false }} {
		v := New[float64](queryConfig(set))
		v.Initialize(3)
		for _, n := range v.norms() {
			for i := range n.mean {
				n.mean[i], n.runvar[i] = 0.1*float64(i%5)-0.2, 0.3+0.2*float64(i%4)
				n.gamma.w[i], n.beta.w[i] = 0.5+0.3*float64(i%3), 0.4
			}
		}
		v.Freeze(Freezing{Unfrozen: true}, v.Levels())
		cells := randomCells(9, v.Config)
		m := randomMinibatch(v, cells)
		checkGradient(t, v, m)
		p := newPass(v, serial{})
		p.forward(m, true)
		training := p.loss(1)
		if p.forward(m, false); !(training == p.loss(1)) {
			t.Errorf("loss %v in training, %v in evaluation", training, p.loss(1))
		}
	}
}

// A query has the same bits for any number of threads, and after a resume.
func TestQueryThreadsAndResume(t *testing.T) {
	cfg := queryConfig(func(c *Config) { c.Dispersion, c.NInput = "gene-batch", 300 })
	opt := queryOptions()
	_, _, one := trainQuery(t, cfg, defaultFreezing(), opt)
	opt.Threads = 3
	ref, _, three := trainQuery(t, cfg, defaultFreezing(), opt)
	if len(moved(one, three)) > 0 {
		t.Error("another number of threads, another model")
	}
	start := func() (*VAE[float32], *Trainer) {
		v, err := ref.Extend(Levels{3, 1, []int{3, 3}}, FromMean, 0)
		if err != nil {
			t.Fatal(err)
		}
		v.Freeze(defaultFreezing(), ref.Levels())
		return v, NewTrainer(v, queryCells(cfg), numbersTo(64), nil, opt)
	}
	_, a := start()
	defer a.Close()
	if _, err := a.Epoch(context.Background()); err != nil {
		t.Fatal(err)
	}
	v, b := start()
	defer b.Close()
	if err := b.Resume(a.State()); err != nil {
		t.Fatal(err)
	}
	if runEpochs(t, b); len(moved(one, v)) > 0 {
		t.Error("a resumed query is another model")
	}
}

func numbersTo(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}
