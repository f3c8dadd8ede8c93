package model

import (
	"errors"
	"fmt"

	"cellvi/model/kernel"
)

// Objective says what a step of training climbs: the ELBO of the encoder's posterior, or
// where one of these is set what takes its place. The zero value is the ELBO.
type Objective struct {
	IWAE   int `json:"iwae,omitempty"`         // draws of each cell under the importance-weighted bound; 0, 1: the ELBO
	Refine int `json:"refine_steps,omitempty"` // steps that refine each cell's posterior before the decoder learns from it
}

// more is how often each cell draws again.
func (o Objective) more() int { return max(o.IWAE, 1) - 1 + min(o.Refine, 1) }

// validate says what a model of cfg cannot be trained by.
func (o Objective) validate(cfg Config) error {
	switch {
	case o.IWAE < 0 || o.Refine < 0:
		return errors.New("iwae or refine_steps is below 0")
	case o.IWAE > 1 && o.Refine > 0:
		return errors.New("iwae and refine_steps exclude each other: what refines a posterior is its ELBO")
	case (o.IWAE > 1 || o.Refine > 0) && cfg.Posterior != Diagonal:
		return fmt.Errorf("iwae and refine_steps are for the diagonal posterior, this model's is %v", cfg.Posterior)
	case o.IWAE > 1 && cfg.Model == AutoZI:
		return errors.New("AUTOZI has no importance-weighted objective: what it draws for each gene is of all cells, no cell's weight is its")
	}
	return nil
}

// learner is one forward and backward of training. Rec, KL and KLLibrary of its Pass are
// then what the history tells.
type learner interface {
	forward(m *Minibatch[float32], weight float64)
	loss(weight float64) float64
	backward(weight float64, complete func(lo, hi int), meanwhile func() (n int, task func(i int)))
	// cellBounds is the objective of each cell, nil where it is Rec + weight·KL + KLLibrary.
	cellBounds() []float64
}

func newLearner(p *Pass[float32], o Objective) learner {
	if o.IWAE > 1 {
		return newIWAE(p, o.IWAE)
	}
	if o.Refine > 0 {
		return newSemi(p, o.Refine)
	}
	return elboStep{p}
}

// elboStep is the ELBO of the encoder's posterior.
type elboStep struct{ *Pass[float32] }

func (s elboStep) forward(m *Minibatch[float32], _ float64) { s.Pass.forward(m, true) }
func (s elboStep) cellBounds() []float64                    { return nil }

// objectiveBytes is what an objective takes beside TrainBytes' pass over b cells: the
// importance-weighted one a pass over all draws, and of every count its dispersion and
// the derivative in it.
func objectiveBytes(cfg Config, o Objective, b int) int64 {
	if o.IWAE <= 1 {
		return 0
	}
	n := o.IWAE * b
	return passBytes(cfg, n) + 4*2*int64(kernel.Pad(n))*int64(cfg.NInput) + 4*int64(n*cfg.NLatent)
}
