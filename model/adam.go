package model

import (
	"math"

	"cellvi/model/kernel"
)

// AdamOptions are the optimizer's knobs; the defaults are scvi-tools'.
type AdamOptions struct {
	Optimizer   string  `json:"optimizer"` // Adam or AdamW
	LR          float64 `json:"lr"`
	WeightDecay float64 `json:"weight_decay"` // L2, added to the gradient; of AdamW taken off the parameters
	Eps         float64 `json:"eps"`
}

// The optimizers.
const (
	PlainAdam = "Adam"
	AdamW     = "AdamW" // Loshchilov & Hutter 2019
)

// DefaultAdam is scvi-tools' optimizer: note eps, a million times PyTorch's default.
func DefaultAdam() AdamOptions {
	return AdamOptions{Optimizer: PlainAdam, LR: 1e-3, WeightDecay: 1e-6, Eps: 0.01}
}

// PyTorch's defaults, which scvi-tools leaves.
const beta1, beta2 = 0.9, 0.999

// adamStep is the scalars of a step.
type adamStep struct {
	kernel.AdamStep
	shrink float64 // what AdamW multiplies parameters by before the step; 1: nothing
}

// step gives the scalars of step t, from 1, at learning rate lr.
func (o AdamOptions) step(t int, lr float64) adamStep {
	s := adamStep{shrink: 1, AdamStep: kernel.AdamStep{Beta1: beta1, Beta2: beta2, Decay: o.WeightDecay, Eps: o.Eps,
		Step: lr / (1 - math.Pow(beta1, float64(t))), Unbias: 1 / math.Sqrt(1-math.Pow(beta2, float64(t)))}}
	if o.Optimizer == AdamW {
		s.shrink, s.Decay = 1-lr*o.WeightDecay, 0
	}
	return s
}

// update moves elements lo … hi−1 of the parameters, as far as they may move, by step s.
func (v *VAE[T]) update(lo, hi int, s adamStep) {
	within(v.moves, lo, hi, func(lo, hi int) {
		if by := T(s.shrink); by != 1 {
			for i, x := range v.value[lo:hi] {
				v.value[lo+i] = x * by
			}
		}
		v.ops.Adam(v.value[lo:hi], v.grad[lo:hi], v.m[lo:hi], v.v[lo:hi], s.AdamStep)
	})
}
