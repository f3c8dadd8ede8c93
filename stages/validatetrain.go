package stages

import (
	"slices"
	"strings"

	"cellvi/model"
)

// Validate says everything that is wrong with o.
func (o TrainOptions) Validate() error {
	var f faults
	o.ModelOptions.validate(&f)
	o.FitOptions.validate(&f)
	o.Objective.validate(o.ModelOptions, &f)
	o.validateClass(&f)
	f.unless(isFinite(o.WeightDecay) && o.WeightDecay >= 0, "--weight-decay is %v: it must be a finite number, and not negative", o.WeightDecay)
	return f.err()
}

func (o ModelOptions) validate(f *faults) {
	f.oneOf("model-class", o.ModelClass, model.SCVI, model.LinearSCVI, model.AutoZI)
	f.unless(o.NLatent >= 1 && o.NLatent <= 1024, "--n-latent is %d: it must be 1 to 1024", o.NLatent)
	f.unless(o.NHidden >= 1 && o.NHidden <= 65536, "--n-hidden is %d: it must be 1 to 65536", o.NHidden)
	f.unless(o.NLayers >= 1 && o.NLayers <= 64, "--n-layers is %d: it must be 1 to 64", o.NLayers)
	f.unless(o.DropoutRate >= 0 && o.DropoutRate < 1, "--dropout-rate is %v: it must be at least 0 and below 1", o.DropoutRate)
	if o.GeneLikelihood != "" {
		f.oneOf("gene-likelihood", o.GeneLikelihood, "nb", "zinb", "poisson", "normal")
	}
	f.oneOf("dispersion", o.Dispersion, "gene", "gene-batch", "gene-label", "gene-cell")
	f.oneOf("latent-distribution", o.LatentDistribution, "normal", "ln")
	f.oneOf("posterior", o.Posterior, model.FamilyNames()...)
	f.unless(o.Posterior == "diag" || o.NLatent >= 2, "--posterior is %s: it needs --n-latent 2 at least, for one dimension has no covariance", o.Posterior)
	f.unless(o.Posterior != "flow" || o.NLatent <= model.MostBent, "--posterior is flow: it takes --n-latent up to %d, and it is %d: take full or diag", model.MostBent, o.NLatent)
	f.oneOf("batch-representation", o.BatchRepresentation, "one-hot", "embedding")
	f.unless(o.BatchEmbeddingDim >= 1 && o.BatchEmbeddingDim <= 1024, "--batch-embedding-dim is %d: it must be 1 to 1024", o.BatchEmbeddingDim)
	f.oneOf("use-batch-norm", o.UseBatchNorm, "encoder", "decoder", "none", "both")
	f.oneOf("use-layer-norm", o.UseLayerNorm, "encoder", "decoder", "none", "both")
	f.unless(o.AlphaPrior > 0 && o.AlphaPrior < 1, "--alpha-prior is %v: it must lie between 0 and 1", o.AlphaPrior)
	f.unless(o.BetaPrior > 0 && o.BetaPrior < 1, "--beta-prior is %v: it must lie between 0 and 1", o.BetaPrior)
	f.unless(o.MinimalDropout >= 0 && o.MinimalDropout < 1, "--minimal-dropout is %v: it must be at least 0 and below 1", o.MinimalDropout)
	f.oneOf("zero-inflation", o.ZeroInflation, "gene", "gene-batch", "gene-label")
}

func (o FitOptions) validate(f *faults) {
	o.validateAdam(f)
	o.validatePlateau(f)
	f.oneOf("early-stopping-monitor", o.EarlyStoppingMonitor, model.Metrics()...)
	f.unless(isFinite(o.EarlyStoppingMinDelta) && o.EarlyStoppingMinDelta >= 0, "--early-stopping-min-delta is %v: it must be a finite number, and not negative", o.EarlyStoppingMinDelta)
	f.unless(o.EarlyStoppingPatience >= 0, "--early-stopping-patience is %d: it must not be negative", o.EarlyStoppingPatience)
	f.unless(o.EarlyStoppingWarmupEpochs >= 0, "--early-stopping-warmup-epochs is %d: it must not be negative", o.EarlyStoppingWarmupEpochs)
	f.unless(o.CheckValEveryNEpoch >= 1, "--check-val-every-n-epoch is %d: it must be at least 1", o.CheckValEveryNEpoch)
	f.unless(isFinite(o.CheckpointEvery) && o.CheckpointEvery >= 0, "--checkpoint-every is %v seconds: it must be a finite number, and not negative", o.CheckpointEvery)
}

func (o FitOptions) validateAdam(f *faults) {
	f.unless(o.MaxEpochs >= 0, "--max-epochs is %d: it must not be negative", o.MaxEpochs)
	f.oneOf("optimizer", o.Optimizer, model.PlainAdam, model.AdamW)
	f.unless(isFinite(o.LR) && o.LR > 0, "--lr is %v: it must be a finite number above 0", o.LR)
	f.unless(isFinite(o.Eps) && o.Eps > 0, "--eps is %v: it must be a finite number above 0", o.Eps)
	f.unless(o.NEpochsKLWarmup >= 0 || o.NEpochsKLWarmup == AutoWarmup, "--n-epochs-kl-warmup is %d: it must not be negative", o.NEpochsKLWarmup)
	f.unless(o.NStepsKLWarmup >= 0, "--n-steps-kl-warmup is %d: it must not be negative", o.NStepsKLWarmup)
	f.unless(o.MinKLWeight >= 0 && o.MinKLWeight <= o.MaxKLWeight && isFinite(o.MaxKLWeight),
		"--min-kl-weight is %v and --max-kl-weight is %v: they must be finite and not negative, the first not above the second", o.MinKLWeight, o.MaxKLWeight)
}

func (o FitOptions) validatePlateau(f *faults) {
	f.unless(o.LRFactor > 0 && o.LRFactor < 1, "--lr-factor is %v: it must lie between 0 and 1", o.LRFactor)
	f.unless(o.LRPatience >= 0, "--lr-patience is %d: it must not be negative", o.LRPatience)
	f.unless(isFinite(o.LRThreshold) && o.LRThreshold >= 0, "--lr-threshold is %v: it must be a finite number, and not negative", o.LRThreshold)
	f.unless(isFinite(o.LRMin) && o.LRMin >= 0, "--lr-min is %v: it must be a finite number, and not negative", o.LRMin)
	f.oneOf("lr-scheduler-metric", o.LRSchedulerMetric, model.Metrics()...)
}

// oneOf takes a value of those that there are.
func (f *faults) oneOf(flag, value string, known ...string) {
	f.unless(slices.Contains(known, value), "--%s is %q: it must be one of %s", flag, value, strings.Join(known, ", "))
}
