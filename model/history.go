package model

import (
	"math"
	"slices"
)

// Losses are averages per cell, summed over genes: negative, lower is better.
type Losses struct {
	Loss     float64 `json:"loss"`                // the objective: Rec + weight·KL, of AutoZI times the cells of training and with KLGlobal
	Rec      float64 `json:"reconstruction_loss"` // −log p(x|z)
	KL       float64 `json:"kl_local"`            // KL(q(z|x) ‖ p(z)), unweighted, and KL(q(l|x) ‖ p(l))
	KLGlobal float64 `json:"kl_global"`           // the divergence of AutoZI's genes, averaged over minibatches; not per cell
	Cells    int     `json:"cells"`
}

// ELBO is the negative evidence lower bound at KL weight 1, as scvi-tools reports it.
func (l Losses) ELBO() float64 {
	elbo := l.Rec + l.KL
	if l.KLGlobal != 0 {
		elbo += l.KLGlobal / float64(l.Cells)
	}
	return elbo
}

// EpochStats is one epoch of the history.
type EpochStats struct {
	Epoch      int     `json:"epoch"`                // from 0
	Train      Losses  `json:"train"`                // averages over the epoch, with dropout
	Validation *Losses `json:"validation,omitempty"` // nil without validation cells, and in epochs that do not validate
	KLWeight   float64 `json:"kl_weight"`
	LR         float64 `json:"lr"`
}

// Metrics are the metrics that early stopping and the learning rate may follow, by
// scvi-tools' names.
func Metrics() []string {
	return []string{"elbo_validation", "reconstruction_loss_validation", "kl_local_validation", "kl_global_validation", "validation_loss",
		"elbo_train", "reconstruction_loss_train", "kl_local_train", "kl_global_train", "train_loss", "train_loss_epoch"}
}

// Validates says whether a metric is one of validation cells.
func Validates(metric string) bool { return slices.Contains(Metrics()[:5], metric) }

// Metric gives a metric by name; NaN of validation in an epoch without.
func (e EpochStats) Metric(name string) (value float64, known bool) {
	l := e.Train
	if Validates(name) {
		l = Losses{Loss: math.NaN(), Rec: math.NaN(), KL: math.NaN(), KLGlobal: math.NaN()}
		if e.Validation != nil {
			l = *e.Validation
		}
	}
	switch name {
	case "elbo_validation", "elbo_train":
		return l.ELBO(), true
	case "reconstruction_loss_validation", "reconstruction_loss_train":
		return l.Rec, true
	case "kl_local_validation", "kl_local_train":
		return l.KL, true
	case "kl_global_validation", "kl_global_train":
		return l.KLGlobal, true
	case "validation_loss", "train_loss", "train_loss_epoch":
		return l.Loss, true
	}
	return 0, false
}

// losses are sums over cells, but for Global over minibatches.
type losses struct {
	Loss    float64 `json:"loss"`
	Rec     float64 `json:"rec"`
	KL      float64 `json:"kl"`
	Global  float64 `json:"global"`
	N       int     `json:"n"`
	Batches int     `json:"batches"`
}

// objective is what makes a loss of a minibatch's terms.
type objective struct {
	weight float64   // of the divergence of z
	scale  float64   // of a cell: 1, but for AutoZI the cells of training
	global float64   // the divergence of what belongs to no cell
	bounds []float64 // (B) of an importance-weighted step each cell's bound, which is the objective; nil: it is the terms
}

// add adds the cells of a minibatch.
func (s *losses) add(rec, kl, library []float64, o objective) {
	for b, r := range rec {
		if o.bounds != nil {
			s.Loss -= o.bounds[b]
		} else {
			s.Loss += o.scale*(r+o.weight*kl[b]+library[b]) + o.global
		}
		s.Rec += r
		s.KL += kl[b] + library[b]
		s.N++
	}
	s.Global += o.global
	s.Batches++
}

func (s *losses) mean() Losses {
	n := float64(s.N)
	return Losses{Loss: s.Loss / n, Rec: s.Rec / n, KL: s.KL / n, KLGlobal: s.Global / float64(s.Batches), Cells: s.N}
}
