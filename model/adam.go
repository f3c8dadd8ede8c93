package model

import (
	"math"

	"cellvi/model/kernel"
)

// AdamOptions are the optimizer's knobs; the defaults are scvi-tools'.
type AdamOptions struct {
	LR          float64 `json:"lr"`
	WeightDecay float64 `json:"weight_decay"` // L2, added to the gradient
	Eps         float64 `json:"eps"`
}

// DefaultAdam is scvi-tools' optimizer: note eps, a million times PyTorch's default.
func DefaultAdam() AdamOptions { return AdamOptions{LR: 1e-3, WeightDecay: 1e-6, Eps: 0.01} }

// PyTorch's defaults, which scvi-tools leaves.
const beta1, beta2 = 0.9, 0.999

// step gives the scalars of step t, from 1.
func (o AdamOptions) step(t int) kernel.AdamStep {
	return kernel.AdamStep{Beta1: beta1, Beta2: beta2, Decay: o.WeightDecay, Eps: o.Eps,
		Step: o.LR / (1 - math.Pow(beta1, float64(t))), Unbias: 1 / math.Sqrt(1-math.Pow(beta2, float64(t)))}
}

// update moves elements lo … hi−1 of the parameters by step s.
func (v *VAE[T]) update(lo, hi int, s kernel.AdamStep) {
	v.ops.Adam(v.value[lo:hi], v.grad[lo:hi], v.m[lo:hi], v.v[lo:hi], s)
}
