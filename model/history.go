package model

import "math"

// Losses are averages per cell, summed over genes: negative, lower is better.
type Losses struct {
	Loss float64 `json:"loss"`                // Rec + weight·KL, averaged over minibatches' cells
	Rec  float64 `json:"reconstruction_loss"` // −log p(x|z)
	KL   float64 `json:"kl_local"`            // KL(q(z|x) ‖ p(z)), unweighted
}

// ELBO is the negative evidence lower bound at KL weight 1, as scvi-tools reports it.
func (l Losses) ELBO() float64 { return l.Rec + l.KL }

// EpochStats is one epoch of the history.
type EpochStats struct {
	Epoch      int     `json:"epoch"`                // from 0
	Train      Losses  `json:"train"`                // averages over the epoch, with dropout
	Validation *Losses `json:"validation,omitempty"` // nil without validation cells
	KLWeight   float64 `json:"kl_weight"`
	LR         float64 `json:"lr"`
}

// Metric gives a metric of validation by scvi-tools' name; NaN without validation cells.
func (e EpochStats) Metric(name string) (value float64, known bool) {
	l := Losses{Loss: math.NaN(), Rec: math.NaN(), KL: math.NaN()}
	if e.Validation != nil {
		l = *e.Validation
	}
	switch name {
	case "elbo_validation":
		return l.ELBO(), true
	case "reconstruction_loss_validation":
		return l.Rec, true
	case "kl_local_validation":
		return l.KL, true
	case "validation_loss":
		return l.Loss, true
	}
	return 0, false
}

// losses are sums over cells.
type losses struct {
	Loss float64 `json:"loss"`
	Rec  float64 `json:"rec"`
	KL   float64 `json:"kl"`
	N    int     `json:"n"`
}

// add adds the cells of a pass.
func (s *losses) add(rec, kl []float64, weight float64) {
	for b, r := range rec {
		s.Loss += r + weight*kl[b]
		s.Rec += r
		s.KL += kl[b]
		s.N++
	}
}

func (s *losses) mean() Losses {
	n := float64(s.N)
	return Losses{Loss: s.Loss / n, Rec: s.Rec / n, KL: s.KL / n}
}
