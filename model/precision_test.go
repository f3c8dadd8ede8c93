package model

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"cellvi/model/kernel"
)

// In bfloat16 training comes to nearly the same, with the same bits for any
// number of threads, and evaluation is float32's.
func TestBFloat16(t *testing.T) {
	if _, ok := kernel.NewHalf(); !ok {
		t.Skip("this processor has no bfloat16 instructions")
	}
	cells := sparseCells(1200, 333)
	rows := all(cells)
	train := func(precision string, threads int) ([]Tensor, EpochStats) {
		cfg := DefaultConfig()
		cfg.NInput, cfg.NBatch = 333, 4
		v := New[float32](cfg)
		v.Initialize(0)
		opt := DefaultTrain(1000)
		opt.MaxEpochs, opt.Precision, opt.Threads = 20, precision, threads
		tr := NewTrainer(v, cells, rows[:1000], rows[1000:], opt)
		defer tr.Close()
		for !tr.Done() {
			if _, err := tr.Epoch(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		return v.Tensors(), tr.History[len(tr.History)-1]
	}
	full, want := train(Float32, 1)
	one, got := train(BFloat16, 1)
	two, _ := train(BFloat16, 2)
	same := func(a, b Tensor) bool { return slices.Equal(a.Data, b.Data) }
	if !slices.EqualFunc(one, two, same) {
		t.Error("two threads give other parameters than one")
	}
	if slices.EqualFunc(one, full, same) {
		t.Error("bfloat16 products have the bits of float32's: they were not used")
	}
	if a, b := got.Validation.ELBO(), want.Validation.ELBO(); math.Abs(a/b-1) > 0.005 {
		t.Errorf("validation loss %.6g in bfloat16, %.6g in float32", a, b)
	}
}

func TestPrecisionIsChecked(t *testing.T) {
	cfg, opt := DefaultConfig(), DefaultTrain(1000)
	cfg.NInput, cfg.NHidden = 100, 40
	opt.Precision = BFloat16
	if err := opt.Validate(cfg); err == nil || !strings.Contains(err.Error(), "multiples of 32") {
		t.Errorf("40 hidden units in bfloat16: %v", err)
	}
	opt.Precision = "f16"
	if err := opt.Validate(cfg); err == nil || !strings.Contains(err.Error(), "f16") {
		t.Errorf("an unknown precision: %v", err)
	}
}
