package model

import (
	"context"
	"math"
	"slices"
	"testing"
)

// reversed is the cells in the opposite order.
func reversed(t *testing.T, c *Cells) *Cells {
	r := NewCells(c.Width, c.Len(), c.Extent())
	for i := range c.Len() {
		if err := c.Read([]int32{int32(c.Len() - 1 - i)}, r); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func trainedModel(t *testing.T, cells *Cells) *VAE[float32] {
	tr := newTestTrainer(cells, testOptions(2, 2))
	defer tr.Close()
	runEpochs(t, tr)
	return tr.vae
}

// A cell's latent depends on no other cell, nor on the number of threads:
// permuted cells permute the latent, bit for bit.
func TestPermutedCellsPermuteTheLatent(t *testing.T) {
	cells := structured(300, 300)
	v := trainedModel(t, cells)
	l := v.NLatent
	embed := func(c *Cells, threads int) []float32 {
		mean := make([]float32, c.Len()*l)
		if err := NewEvaluator(v, threads).Posterior(context.Background(), c, rows32(c.Len()), mean, nil); err != nil {
			t.Fatal(err)
		}
		return mean
	}
	a, b := embed(cells, 1), embed(reversed(t, cells), 3)
	for i := range cells.Len() {
		j := cells.Len() - 1 - i
		if !slices.Equal(a[i*l:(i+1)*l], b[j*l:(j+1)*l]) {
			t.Fatalf("cell %d embeds otherwise among reversed cells", i)
		}
	}
}

// Shares decoded for every cell sum to one, and the library is the cell's total.
func TestDecodeGivesShares(t *testing.T) {
	cells := structured(130, 300)
	v := trainedModel(t, cells)
	seen := make([]bool, cells.Len())
	err := NewEvaluator(v, 2).Generate(context.Background(), cells, rows32(cells.Len()), Generation{Batch: -1}, func(g *Generated) error {
		for i := range g.N {
			sum, total := 0.0, 0.0
			for _, r := range g.Scale[i*v.NInput : (i+1)*v.NInput] {
				sum += float64(r)
			}
			_, counts := cells.Row(g.First + i)
			for _, x := range counts {
				total += float64(x)
			}
			if math.Abs(sum-1) > 1e-5 || total != float64(g.Library[i]) {
				t.Errorf("cell %d: shares sum to %g, library %g for %g counts", g.First+i, sum, g.Library[i], total)
			}
			seen[g.First+i] = true
		}
		return nil
	})
	if err != nil || slices.Contains(seen, false) {
		t.Errorf("not every cell was decoded (%v)", err)
	}
}

// The evaluator's losses are those of a pass in evaluation with the same noise.
func TestEvaluatorLosses(t *testing.T) {
	cells := structured(150, 80)
	v := trainedModel(t, cells)
	got, err := NewEvaluator(v, 2).losses(context.Background(), cells, rows32(cells.Len()), v.heldDraws(9, 4), objective{weight: 0.5, scale: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := losses{}
	for i := range cells.Len() { // one cell at a time
		m, p := &Minibatch[float32]{}, newPass(v, serial{})
		m.fill(cells, []int{i}, v.frame)
		m.draw(cells, []int{i}, draws{seed: 9, noise: ValidationNoise, epoch: 4, latent: v.NLatent})
		p.forward(m, false)
		want.add(p.Rec, p.KL, p.KLLibrary, objective{weight: 0.5, scale: 1})
	}
	near(t, "losses", []float64{got.Loss, got.Rec, got.KL}, []float32{float32(want.Loss), float32(want.Rec), float32(want.KL)}, 1e-6, 0)
}
