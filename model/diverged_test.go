package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// poisoned is 100 cells, of which one has an infinite count. Items are 1000 and up.
func poisoned(bad int) *Cells {
	good, cells := structured(100, 30), NewCells(Width{Genes: 30}, 100, Extent{})
	for i := range good.Len() {
		genes, counts := good.Row(i)
		if i == bad {
			counts[0] = float32(math.Inf(1))
		}
		cells.Append(genes, counts, good.Covariates(i), int64(1000+i))
	}
	return cells
}

// divergence is what training ends with.
func divergence(t *testing.T, tr *Trainer) *Divergence {
	t.Helper()
	var err error
	for err == nil && !tr.Done() {
		_, err = tr.Epoch(context.Background())
	}
	var d *Divergence
	if !errors.As(err, &d) || !errors.Is(err, ErrDiverged) {
		t.Fatalf("got %v", err)
	}
	return d
}

// The cell at fault is named, with the first tensor that it spoils, before a step is
// made of it: the parameters are still good.
func TestDivergenceNamesTheCell(t *testing.T) {
	for _, threads := range []int{1, 3} {
		tr := newTestTrainer(poisoned(42), testOptions(3, threads))
		defer tr.Close()
		d := divergence(t, tr)
		if !slices.Equal(d.Items, []int64{1042}) || d.Epoch != 1 || d.Minibatch != tr.At().Batch+1 || d.Parameter {
			t.Errorf("%+v, at %+v", d, tr.At())
		}
		want := fmt.Sprintf("training diverged: epoch 1, minibatch %d: the input of z_encoder, layer 0, is not finite for 1 of %d cells", d.Minibatch, d.Of)
		if d.Error() != want {
			t.Errorf("got %q, want %q", d, want)
		}
		if name := tr.vae.brokenParameter(); name != "" {
			t.Errorf("a step was made: %s", name)
		}
	}
}

// Of the validation cells likewise.
func TestDivergenceInValidation(t *testing.T) {
	for _, threads := range []int{1, 3} {
		tr := newTestTrainer(poisoned(95), testOptions(3, threads))
		defer tr.Close()
		if d := divergence(t, tr); !slices.Equal(d.Items, []int64{1095}) || d.Epoch != 1 || d.Minibatch != 0 || d.Of != 10 ||
			!strings.Contains(d.Error(), "epoch 1, validation: the input of z_encoder, layer 0, is not finite for 1 of 10 cells") {
			t.Errorf("%+v", d)
		}
	}
}

// A parameter that a step spoiled is told with that step's minibatch, not the one
// whose loss shows it, and its cells with the most counts first.
func TestDivergenceOfAParameter(t *testing.T) {
	cells := structured(100, 30)
	tr := newTestTrainer(cells, testOptions(3, 1))
	defer tr.Close()
	tr.AfterStep = func() error {
		if tr.At().Step == 5 { // the second of the second epoch
			tr.vae.enc.mean.b.w[3] = float32(math.NaN())
		}
		return nil
	}
	d := divergence(t, tr)
	if d.Epoch != 2 || d.Minibatch != 2 || !d.Parameter || d.Tensor != "z_encoder.mean_encoder.bias" || len(d.Items) != d.Of {
		t.Errorf("%+v", d)
	}
	library := func(item int64) (sum float32) {
		_, counts := cells.Row(int(item))
		for _, x := range counts {
			sum += x
		}
		return sum
	}
	if !slices.IsSortedFunc(d.Items, func(a, b int64) int { return int(library(b) - library(a)) }) {
		t.Errorf("cells are not by their counts: %v", d.Items)
	}
}

// What each later tensor of a forward is called, when it is the first that is spoilt.
func TestNotFiniteTensors(t *testing.T) {
	cfg := DefaultConfig()
	cfg.NInput, cfg.NBatch, cfg.NHidden, cfg.UseObservedLibSize, cfg.NLayers, cfg.Posterior = 30, 2, 16, false, 2, Flow
	v := New[float32](cfg)
	v.Initialize(0)
	if err := v.SetLibraryPrior([]float64{3, 3}, []float64{1, 1}); err != nil {
		t.Fatal(err)
	}
	cells, p, m := structured(20, 30), newPass(v, serial{}), &Minibatch[float32]{}
	m.fill(cells, all(cells), v.frame)
	m.draw(cells, all(cells), v.draws(1, 0, 0))
	nan := float32(math.NaN())
	for name, spoil := range map[string]func(){
		"the output of z_encoder, layer 1,": func() { p.enc.acts[1].y[7*16+1] = nan },
		"qz_m":                              func() { p.enc.mean[7*cfg.NLatent] = nan },
		"qz_v":                              func() { p.enc.variance[7*cfg.NLatent] = nan },
		"the Cholesky factor of qz":         func() { p.enc.more[lowerOutput][7*45+3] = nan },
		"the flow of qz, outer triangles,":  func() { p.enc.more[outerOutput][7*flowLayers*55] = nan },
		"the flow of qz, inner triangles,":  func() { p.enc.more[innerOutput][7*flowLayers*65] = nan },
		"z":                                 func() { p.Z[7*cfg.NLatent+2] = nan },
		"the input of l_encoder, layer 0,":  func() { p.lib.acts[0].x[7*16] = nan },
		"ql_m":                              func() { p.lib.mean[7] = nan },
		"library":                           func() { p.Library[7] = nan },
		"the input of decoder, layer 0,":    func() { p.dec.acts[0].x[7*16] = nan },
		"px_scale":                          func() { p.head.sum[7] = nan },
		"reconstruction_loss":               func() { p.Rec[7] = math.Inf(1) },
		"kl_local":                          func() { p.KL[7] = math.NaN() },
	} {
		p.forward(m, true)
		spoil()
		if d := p.notFinite(m.B); d.Tensor != name || !slices.Equal(d.Items, []int64{7}) {
			t.Errorf("%s: %+v", name, d)
		}
	}
}
