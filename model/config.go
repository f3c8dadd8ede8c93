package model

import (
	"errors"
	"fmt"
	"slices"
)

// Config is the model's sizes and choices, named as scvi-tools names them.
type Config struct {
	Model          string  `json:"model"`            // SCVI, LinearSCVI or AutoZI
	NInput         int     `json:"n_input"`          // genes
	NBatch         int     `json:"n_batch"`          // levels of the batch covariate, at least 1
	NLabels        int     `json:"n_labels"`         // levels of the label, at least 1
	NCatsPerCov    []int   `json:"n_cats_per_cov"`   // levels of each further categorical covariate
	NContinuousCov int     `json:"n_continuous_cov"` // continuous covariates
	NHidden        int     `json:"n_hidden"`
	NLatent        int     `json:"n_latent"`
	NLayers        int     `json:"n_layers"` // hidden layers of encoder and of decoder; of the encoder alone for LinearSCVI
	DropoutRate    float64 `json:"dropout_rate"`

	GeneLikelihood     string `json:"gene_likelihood"`     // nb, zinb, poisson or normal
	Dispersion         string `json:"dispersion"`          // gene, gene-batch, gene-label or gene-cell
	LatentDistribution string `json:"latent_distribution"` // normal, or ln: logistic-normal
	Posterior          Family `json:"posterior"`           // of z given a cell; cellvi's own
	LogVariational     bool   `json:"log_variational"`     // the encoder sees log(1+x), not x
	UseObservedLibSize bool   `json:"use_observed_lib_size"`
	UseSizeFactor      bool   `json:"use_size_factor_key"` // mu = size factor · softplus; goes before the library size

	EncodeCovariates    bool   `json:"encode_covariates"`
	DeeplyInject        bool   `json:"deeply_inject_covariates"` // into every hidden layer, not only the first
	BatchRepresentation string `json:"batch_representation"`     // one-hot or embedding
	BatchEmbeddingDim   int    `json:"batch_embedding_dim"`
	UseBatchNorm        string `json:"use_batch_norm"` // encoder, decoder, none or both
	UseLayerNorm        string `json:"use_layer_norm"`
	Bias                bool   `json:"bias"` // of LinearSCVI's decoder

	// AutoZI's: prior Beta(alpha, beta) of a gene's probability of no zero
	// inflation, the least probability of dropout, and what has one of its own: gene,
	// gene-batch or gene-label.
	AlphaPrior     float64 `json:"alpha_prior"`
	BetaPrior      float64 `json:"beta_prior"`
	MinimalDropout float64 `json:"minimal_dropout"`
	ZeroInflation  string  `json:"zero_inflation"`
}

// The models.
const (
	SCVI       = "SCVI"
	LinearSCVI = "LinearSCVI"
	AutoZI     = "AUTOZI"
)

// DefaultConfig is scvi-tools' defaults of SCVI, except the likelihood nb.
func DefaultConfig() Config {
	return Config{Model: SCVI, NBatch: 1, NLabels: 1, NHidden: 128, NLatent: 10, NLayers: 1, DropoutRate: 0.1,
		GeneLikelihood: "nb", Dispersion: "gene", LatentDistribution: "normal", LogVariational: true, UseObservedLibSize: true,
		DeeplyInject: true, BatchRepresentation: "one-hot", BatchEmbeddingDim: 5, UseBatchNorm: "both", UseLayerNorm: "none",
		AlphaPrior: 0.5, BetaPrior: 0.5, MinimalDropout: 0.01, ZeroInflation: "gene"}
}

// Validate returns every problem at once, nil where there is none.
func (c Config) Validate() error {
	p := problems{}
	p.check(c.NInput >= 2, "n_input is %d: a model needs at least two genes", c.NInput)
	p.check(c.NBatch >= 1, "n_batch is %d, below 1", c.NBatch)
	p.check(c.NLabels >= 1, "n_labels is %d, below 1", c.NLabels)
	for i, n := range c.NCatsPerCov {
		p.check(n >= 1, "categorical covariate %d has %d levels, below 1", i+1, n)
	}
	p.check(c.NContinuousCov >= 0, "n_continuous_cov is %d, below 0", c.NContinuousCov)
	p.check(c.NHidden >= 1 && c.NHidden <= 1<<16, "n_hidden is %d, not in 1 … 65536", c.NHidden)
	p.check(c.NLatent >= 1 && c.NLatent <= 1<<12, "n_latent is %d, not in 1 … 4096", c.NLatent)
	p.check(c.NLayers >= 1 && c.NLayers <= 64, "n_layers is %d, not in 1 … 64", c.NLayers)
	p.check(c.DropoutRate >= 0 && c.DropoutRate < 1, "dropout_rate is %g, not in [0, 1)", c.DropoutRate)
	p.oneOf("model", c.Model, SCVI, LinearSCVI, AutoZI)
	p.oneOf("gene_likelihood", c.GeneLikelihood, "nb", "zinb", "poisson", "normal")
	p.oneOf("dispersion", c.Dispersion, "gene", "gene-batch", "gene-label", "gene-cell")
	p.oneOf("latent_distribution", c.LatentDistribution, "normal", "ln")
	p.oneOf("batch_representation", c.BatchRepresentation, "one-hot", "embedding")
	p.check(c.BatchRepresentation != "embedding" || c.BatchEmbeddingDim >= 1, "batch_embedding_dim is %d, below 1", c.BatchEmbeddingDim)
	p.oneOf("use_batch_norm", c.UseBatchNorm, "encoder", "decoder", "none", "both")
	p.oneOf("use_layer_norm", c.UseLayerNorm, "encoder", "decoder", "none", "both")
	p.family(c)
	switch c.Model {
	case LinearSCVI:
		p.linear(c)
	case AutoZI:
		p.autoZI(c)
	}
	return errors.Join(p...)
}

type problems []error

func (p *problems) check(ok bool, format string, args ...any) {
	if !ok {
		*p = append(*p, fmt.Errorf(format, args...))
	}
}

func (p *problems) oneOf(name, value string, known ...string) {
	p.check(slices.Contains(known, value), "%s is %q: there are %q", name, value, known)
}

// linear is what LinearSCVI has not, in scvi-tools neither.
func (p *problems) linear(c Config) {
	p.check(c.Dispersion != "gene-cell", "LinearSCVI has no dispersion gene-cell: its decoder has no such output")
	p.check(c.GeneLikelihood != "normal", "LinearSCVI has no gene_likelihood normal")
	p.check(len(c.NCatsPerCov) == 0 && c.NContinuousCov == 0, "LinearSCVI takes no covariates beside the batch")
	p.check(!c.UseSizeFactor, "LinearSCVI takes no size factor")
	p.check(!c.EncodeCovariates && c.BatchRepresentation == "one-hot", "LinearSCVI encodes no covariates and has no batch embedding")
	p.check(c.UseLayerNorm == "none", "LinearSCVI has no layer norm")
}

func (p *problems) autoZI(c Config) {
	p.check(c.GeneLikelihood == "zinb", "AUTOZI decides between nb and zinb: its gene_likelihood is zinb, not %s", c.GeneLikelihood)
	p.check(c.AlphaPrior > 0 && c.AlphaPrior < 1 && c.BetaPrior > 0 && c.BetaPrior < 1, "alpha_prior %g and beta_prior %g must lie between 0 and 1", c.AlphaPrior, c.BetaPrior)
	p.check(c.MinimalDropout >= 0 && c.MinimalDropout < 1, "minimal_dropout is %g, not in [0, 1)", c.MinimalDropout)
	p.oneOf("zero_inflation", c.ZeroInflation, "gene", "gene-batch", "gene-label")
}

// Width is the numbers that a cell has in a model of this configuration.
func (c Config) Width() Width {
	return Width{Genes: c.NInput, Cats: len(c.NCatsPerCov), Conts: c.NContinuousCov}
}

// observed says whether the library size is known rather than inferred.
func (c Config) observed() bool { return c.UseObservedLibSize || c.UseSizeFactor }

// embeds says whether the batch is represented by a learned vector.
func (c Config) embeds() bool { return c.BatchRepresentation == "embedding" }

// hots are the levels of what layers see as one-hot columns: the batch unless it
// is embedded, then the categorical covariates. A covariate of one level has no column.
func (c Config) hots() []int {
	var levels []int
	if !c.embeds() {
		levels = append(levels, c.NBatch)
	}
	return append(levels, c.NCatsPerCov...)
}

// dense is the numbers that are appended to a network's input: continuous
// covariates and the batch's vector.
func (c Config) dense() int {
	if c.embeds() {
		return c.NContinuousCov + c.BatchEmbeddingDim
	}
	return c.NContinuousCov
}

// codes is the number of dispersions that a gene has.
func (c Config) codes(of string) int {
	switch of {
	case "gene-batch":
		return c.NBatch
	case "gene-label":
		return c.NLabels
	}
	return 1
}

// The constants of the reference's layers (scvi-tools 1.4, module FCLayers and Encoder).
const (
	normEps      = 1e-3 // added to batch normalization's variance
	normMomentum = 0.01 // share of the new minibatch in the running statistics
	layerNormEps = 1e-5 // added to layer normalization's variance (PyTorch's default)
	varianceEps  = 1e-4 // added to the posterior's variance
)
