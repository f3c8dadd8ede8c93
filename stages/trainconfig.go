package stages

import (
	"errors"
	"fmt"

	"cellvi/model"
	"cellvi/pipeline"
)

// resolved has the model class's own defaults in the place of what is not given, as
// scvi-tools' classes have them; the likelihood of SCVI is this program's nb.
func (o TrainOptions) resolved() TrainOptions {
	if o.GeneLikelihood == "" {
		o.GeneLikelihood = "nb"
		if o.ModelClass == model.AutoZI {
			o.GeneLikelihood = "zinb"
		}
	}
	if o.UseObservedLibSize == nil {
		observed := o.ModelClass != model.LinearSCVI
		o.UseObservedLibSize = &observed
	}
	// Left out of what is recorded: a run of before there were --iwae and --posterior stands.
	if o.IWAE == 1 {
		o.IWAE = 0
	}
	if model.FamilyOf(o.Posterior) == model.Diagonal {
		o.Posterior = ""
	}
	return o
}

// config is the model of the prepared cells.
func (o ModelOptions) config(p *prepared) model.Config {
	cfg := model.Config{
		Model: o.ModelClass, NInput: newPicker(p.Picked).genes, NBatch: len(p.BatchLevels), NLabels: len(p.LabelLevels),
		NContinuousCov: len(p.ContinuousKeys), NHidden: o.NHidden, NLatent: o.NLatent, NLayers: o.NLayers, DropoutRate: o.DropoutRate,
		GeneLikelihood: o.GeneLikelihood, Dispersion: o.Dispersion, LatentDistribution: o.LatentDistribution,
		Posterior: model.FamilyOf(o.Posterior), LogVariational: o.LogVariational,
		UseObservedLibSize: *o.UseObservedLibSize, UseSizeFactor: p.SizeFactorKey != "",
		EncodeCovariates: o.EncodeCovariates, DeeplyInject: o.DeeplyInjectCovariates,
		BatchRepresentation: o.BatchRepresentation, BatchEmbeddingDim: o.BatchEmbeddingDim,
		UseBatchNorm: o.UseBatchNorm, UseLayerNorm: o.UseLayerNorm, Bias: o.Bias,
		AlphaPrior: o.AlphaPrior, BetaPrior: o.BetaPrior, MinimalDropout: o.MinimalDropout, ZeroInflation: o.ZeroInflation,
	}
	for _, levels := range p.CategoricalLevels {
		cfg.NCatsPerCov = append(cfg.NCatsPerCov, len(levels))
	}
	return cfg
}

// training is how to train on so many cells.
func (o TrainOptions) training(cells int, shared Shared, threads int) model.TrainOptions {
	opt := model.DefaultTrain(cells)
	if o.MaxEpochs > 0 {
		opt.MaxEpochs = o.MaxEpochs
	}
	opt.BatchSize, opt.Seed, opt.Threads, opt.Precision = shared.BatchSize, shared.Seed, threads, o.Precision
	opt.Adam = model.AdamOptions{Optimizer: o.Optimizer, LR: o.LR, WeightDecay: o.WeightDecay, Eps: o.Eps}
	opt.KL = o.warmup(opt.MaxEpochs, cells/shared.BatchSize)
	opt.Stop = model.EarlyStopping{Enabled: o.EarlyStopping, Monitor: o.EarlyStoppingMonitor,
		MinDelta: o.EarlyStoppingMinDelta, Patience: o.EarlyStoppingPatience, Warmup: o.EarlyStoppingWarmupEpochs}
	opt.Plateau = model.Plateau{Enabled: o.ReduceLROnPlateau, Factor: o.LRFactor, Patience: o.LRPatience,
		Threshold: o.LRThreshold, Metric: o.LRSchedulerMetric, Min: o.LRMin}
	opt.CheckVal = o.CheckValEveryNEpoch
	opt.Objective = o.Objective.model()
	return opt
}

// settle turns the options into the model's, every problem at once.
func (s *Train) settle(job *pipeline.Job, p *prepared) (model.Config, model.TrainOptions, error) {
	o := s.Options.resolved()
	cfg, opt := o.config(p), o.training(len(p.Row), s.Shared, job.Threads)
	if cfg.Model == model.LinearSCVI && p.covers() {
		return cfg, opt, pipeline.Usage("%s: was prepared with covariates beside the batch, or size factors, which LinearSCVI does not take: prepare without them, or take --model-class SCVI", s.Prepared())
	}
	if err := errors.Join(cfg.Validate(), opt.Validate(cfg)); err != nil {
		return cfg, opt, pipeline.Usage("%w", err)
	}
	if err := o.needsValidation(p); err != nil {
		return cfg, opt, err
	}
	warnOfLevels(job, cfg)
	o.warnOfIdle(job, cfg)
	if p.count(toValidate) > 0 {
		warnOfCheckVal(job, opt)
	}
	return cfg, opt, nil
}

// needsValidation refuses to follow a metric of validation cells where there are none.
func (o FitOptions) needsValidation(p *prepared) error {
	if p.count(toValidate) > 0 {
		return nil
	}
	for _, x := range o.followed() {
		if model.Validates(x.metric) {
			return pipeline.Usage("--%s follows %s of validation cells, but there are none among %d cells: leave some out with --train-size",
				x.flag, x.metric, len(p.Row))
		}
	}
	return nil
}

// warnOfCheckVal says where the validation cells come to nothing.
func warnOfCheckVal(job *pipeline.Job, opt model.TrainOptions) {
	if opt.CheckVal > opt.MaxEpochs {
		job.Warn("validation cells are never evaluated: --check-val-every-n-epoch %d is more than the %s", opt.CheckVal, plural(int64(opt.MaxEpochs), "epoch", "epochs"))
	}
}

// warnOfLevels says where what is to be by level has only one.
func warnOfLevels(job *pipeline.Job, cfg model.Config) {
	of := map[string]string{"--dispersion": cfg.Dispersion}
	if cfg.Model == model.AutoZI {
		of["--zero-inflation"] = cfg.ZeroInflation
	}
	for _, flag := range []string{"--dispersion", "--zero-inflation"} {
		switch what := of[flag]; {
		case what == "gene-label" && cfg.NLabels == 1:
			job.Warn("%s %s is the same as gene: there is one label (give --labels-key to prepare)", flag, what)
		case what == "gene-batch" && cfg.NBatch == 1:
			job.Warn("%s %s is the same as gene: there is one batch (give --batch-key to prepare)", flag, what)
		}
	}
}

// summary is the model in a line.
func summary(c model.Config) string {
	text := fmt.Sprintf("%s, likelihood %s, dispersion %s, latent of %d dimensions, %s of %d units", c.Model, c.GeneLikelihood, c.Dispersion,
		c.NLatent, plural(int64(c.NLayers), "hidden layer", "hidden layers"), c.NHidden)
	text += fmt.Sprintf(", %s", plural(int64(c.NBatch), "batch", "batches"))
	if n := int64(len(c.NCatsPerCov)); n > 0 {
		text += ", " + plural(n, "categorical covariate", "categorical covariates")
	}
	if n := int64(c.NContinuousCov); n > 0 {
		text += ", " + plural(n, "continuous covariate", "continuous covariates")
	}
	if c.Posterior != model.Diagonal {
		text += ", posterior " + c.Posterior.String()
	}
	switch {
	case c.UseSizeFactor:
		return text + ", size factors given"
	case !c.UseObservedLibSize:
		return text + ", library size inferred"
	}
	return text
}
