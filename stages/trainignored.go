package stages

import (
	"cellvi/model"
	"cellvi/pipeline"
)

// idle is a flag that was given, and why it changes nothing.
type idle struct {
	is        bool
	flag, why string
}

// warnOfIdle tells of options that were given but change nothing.
func (o TrainOptions) warnOfIdle(job *pipeline.Job, cfg model.Config) {
	for _, x := range append(o.idleModel(cfg), o.FitOptions.idle()...) {
		if x.is {
			job.Warn("--%s changes nothing: %s", x.flag, x.why)
		}
	}
}

func (o TrainOptions) idleModel(cfg model.Config) []idle {
	d := DefaultTrainOptions()
	const autozi = "it is for --model-class AUTOZI"
	zero := o.ModelClass == model.AutoZI
	return []idle{
		{o.Bias && o.ModelClass != model.LinearSCVI, "bias", "it is for --model-class LinearSCVI"},
		{o.AlphaPrior != d.AlphaPrior && !zero, "alpha-prior", autozi},
		{o.BetaPrior != d.BetaPrior && !zero, "beta-prior", autozi},
		{o.BetaPrior != d.BetaPrior && o.BetaPrior != o.AlphaPrior && zero && o.ZeroInflation == "gene", "beta-prior", "with --zero-inflation gene, --alpha-prior stands for both, as in scvi-tools"},
		{o.MinimalDropout != d.MinimalDropout && !zero, "minimal-dropout", autozi},
		{o.ZeroInflation != d.ZeroInflation && !zero, "zero-inflation", autozi},
		{o.BatchEmbeddingDim != d.BatchEmbeddingDim && o.BatchRepresentation != "embedding", "batch-embedding-dim", "it is for --batch-representation embedding"},
		{o.Dispersion != d.Dispersion && o.GeneLikelihood == "poisson", "dispersion", "a poisson likelihood has none"},
		{cfg.UseSizeFactor && !cfg.UseObservedLibSize, "no-use-observed-lib-size", "size factors stand for the library sizes"},
	}
}

func (o FitOptions) idle() []idle {
	d := DefaultTrainOptions().FitOptions
	const plateau, stopping = "--reduce-lr-on-plateau is not given", "--early-stopping is not given"
	steady, endless := !o.ReduceLROnPlateau, !o.EarlyStopping
	return []idle{
		{o.NStepsKLWarmup > 0 && o.NEpochsKLWarmup != 0, "n-steps-kl-warmup", "it is for --n-epochs-kl-warmup 0"},
		{o.MinKLWeight > 0 && o.NStepsKLWarmup == 0 && o.NEpochsKLWarmup == 0, "min-kl-weight", "there is no warm-up"},
		{o.LRFactor != d.LRFactor && steady, "lr-factor", plateau},
		{o.LRPatience != d.LRPatience && steady, "lr-patience", plateau},
		{o.LRThreshold != d.LRThreshold && steady, "lr-threshold", plateau},
		{o.LRMin != d.LRMin && steady, "lr-min", plateau},
		{o.LRSchedulerMetric != d.LRSchedulerMetric && steady, "lr-scheduler-metric", plateau},
		{o.EarlyStoppingMonitor != d.EarlyStoppingMonitor && endless, "early-stopping-monitor", stopping},
		{o.EarlyStoppingMinDelta != d.EarlyStoppingMinDelta && endless, "early-stopping-min-delta", stopping},
		{o.EarlyStoppingPatience != d.EarlyStoppingPatience && endless, "early-stopping-patience", stopping},
		{o.EarlyStoppingWarmupEpochs != d.EarlyStoppingWarmupEpochs && endless, "early-stopping-warmup-epochs", stopping},
	}
}
