package model

import (
	"errors"
	"fmt"
)

// Config is the model's sizes and choices, named as scvi-tools' SCVI names them.
type Config struct {
	NInput         int     `json:"n_input"`  // genes
	NBatch         int     `json:"n_batch"`  // levels of the batch covariate, at least 1
	NLabels        int     `json:"n_labels"` // levels of the label, at least 1
	NHidden        int     `json:"n_hidden"`
	NLatent        int     `json:"n_latent"`
	NLayers        int     `json:"n_layers"` // hidden layers of encoder and of decoder
	DropoutRate    float64 `json:"dropout_rate"`
	GeneLikelihood string  `json:"gene_likelihood"` // nb
	Dispersion     string  `json:"dispersion"`      // gene
}

// DefaultConfig is scvi-tools' defaults, except the likelihood nb.
func DefaultConfig() Config {
	return Config{NBatch: 1, NLabels: 1, NHidden: 128, NLatent: 10, NLayers: 1, DropoutRate: 0.1,
		GeneLikelihood: "nb", Dispersion: "gene"}
}

// Validate returns every problem at once, nil where there is none.
func (c Config) Validate() error {
	var problems []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	check(c.NInput >= 2, "n_input is %d: a model needs at least two genes", c.NInput)
	check(c.NBatch >= 1, "n_batch is %d, below 1", c.NBatch)
	check(c.NLabels >= 1, "n_labels is %d, below 1", c.NLabels)
	check(c.NHidden >= 1 && c.NHidden <= 1<<16, "n_hidden is %d, not in 1 … 65536", c.NHidden)
	check(c.NLatent >= 1 && c.NLatent <= 1<<12, "n_latent is %d, not in 1 … 4096", c.NLatent)
	check(c.NLayers >= 1 && c.NLayers <= 64, "n_layers is %d, not in 1 … 64", c.NLayers)
	check(c.DropoutRate >= 0 && c.DropoutRate < 1, "dropout_rate is %g, not in [0, 1)", c.DropoutRate)
	check(c.GeneLikelihood == "nb", "gene_likelihood %q is not built yet: nb is", c.GeneLikelihood)
	check(c.Dispersion == "gene", "dispersion %q is not built yet: gene is", c.Dispersion)
	return errors.Join(problems...)
}

// The constants of the reference's layers (scvi-tools 1.4, module FCLayers and Encoder).
const (
	normEps      = 1e-3 // added to batch normalization's variance
	normMomentum = 0.01 // share of the new minibatch in the running statistics
	varianceEps  = 1e-4 // added to the posterior's variance
)
