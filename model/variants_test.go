package model

import (
	"context"
	"fmt"
	"slices"
	"testing"
)

// Every variant trains to the same bits with any number of threads, and generates the
// same numbers whatever cells stand beside a cell.
func TestVariantsSameBits(t *testing.T) {
	for name, set := range variants {
		t.Run(name, func(t *testing.T) {
			cfg := small(set)
			cfg.NInput = 300
			cells := randomCells(200, cfg)
			one, two := trainVariant(t, cfg, cells, 1), trainVariant(t, cfg, cells, 3)
			for i, x := range one.Tensors() {
				if !slices.Equal(x.Data, two.Tensors()[i].Data) {
					t.Errorf("%s differs between 1 thread and 3", x.Name)
				}
			}
			a, b := generateVariant(t, one, cells, 1, 0), generateVariant(t, one, reversed(t, cells), 3, 0)
			for cell, numbers := range a {
				if other := b[cells.Len()-1-cell]; !slices.Equal(numbers, other) {
					t.Errorf("cell %d generates otherwise among reversed cells", cell)
					break
				}
			}
		})
	}
}

func trainVariant(t *testing.T, cfg Config, cells *Cells, threads int) *VAE[float32] {
	t.Helper()
	v := New[float32](cfg)
	v.Initialize(4)
	opt := DefaultTrain(cells.Len())
	opt.MaxEpochs, opt.BatchSize, opt.Threads, opt.KL.Epochs = 2, 48, threads, 2
	rows := all(cells)
	tr := NewTrainer(v, cells, rows[:170], rows[170:], opt)
	defer tr.Close()
	for !tr.Done() {
		if _, err := tr.Epoch(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// generateVariant gives every cell's numbers of two draws as of a batch, losses among
// them.
func generateVariant(t *testing.T, v *VAE[float32], cells *Cells, threads, batch int) map[int][]string {
	t.Helper()
	rows := make([][]string, cells.Len())
	g, l := v.NInput, v.NLatent
	err := NewEvaluator(v, threads).Generate(context.Background(), cells, rows32(cells.Len()), Generation{Samples: 2, Seed: 3, Batch: batch, Losses: true}, func(x *Generated) error {
		for i := range x.N {
			text := fmt.Sprint(x.Z[i*l:(i+1)*l], x.Library[i], x.Scale[i*g:(i+1)*g], x.Rec[i], x.KL[i], x.KLLibrary[i])
			if x.Theta != nil {
				text += fmt.Sprint(x.Theta[i*g : (i+1)*g])
			}
			if x.Dropout != nil {
				text += fmt.Sprint(x.Dropout[i*g : (i+1)*g])
			}
			rows[x.First+i] = append(rows[x.First+i], text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	out := map[int][]string{}
	for i, r := range rows {
		out[i] = r
	}
	return out
}

// AutoZI's delta is drawn with z: another one each draw, the same for all cells and for
// the same seed.
func TestGenerateDrawsDelta(t *testing.T) {
	cfg := small(variants["autozi"])
	v := New[float32](cfg)
	v.Initialize(1)
	cells := randomCells(5, cfg)
	rows := all(cells)
	p, m := newPass(v, serial{}), &Minibatch[float32]{}
	m.fill(cells, rows, v.frame)
	m.still(v.Config)
	p.open(m, false)
	delta := func(seed uint64, sample int) []float32 {
		p.redraw(task{cells: cells, rows: rows}, seed, sample)
		return slices.Clone(p.head.auto.delta)
	}
	mean := slices.Clone(p.head.auto.delta)
	first, second, again := delta(1, 0), delta(1, 1), delta(1, 0)
	if slices.Equal(first, second) || slices.Equal(first, mean) || slices.Equal(first, delta(2, 0)) || !slices.Equal(first, again) {
		t.Error("delta is not drawn anew, or not by seed and draw alone")
	}
}
