package stages

import (
	"strings"
	"testing"

	"cellvi/model"
	"cellvi/pipeline"
)

// What does not go together is said from the options alone, before any cell is read.
func TestValidateClass(t *testing.T) {
	for want, set := range map[string]func(o *TrainOptions){
		"--dispersion is gene-cell":                        func(o *TrainOptions) { o.ModelClass, o.Dispersion = model.LinearSCVI, "gene-cell" },
		"--gene-likelihood is normal":                      func(o *TrainOptions) { o.ModelClass, o.GeneLikelihood = model.LinearSCVI, "normal" },
		"--encode-covariates is given":                     func(o *TrainOptions) { o.ModelClass, o.EncodeCovariates = model.LinearSCVI, true },
		"--batch-representation is embedding":              func(o *TrainOptions) { o.ModelClass, o.BatchRepresentation = model.LinearSCVI, "embedding" },
		"--use-layer-norm is both":                         func(o *TrainOptions) { o.ModelClass, o.UseLayerNorm = model.LinearSCVI, "both" },
		"--gene-likelihood is \"poisson\": AUTOZI":         func(o *TrainOptions) { o.ModelClass, o.GeneLikelihood = model.AutoZI, "poisson" },
		"--precision is bf16: it is for":                   func(o *TrainOptions) { o.ModelClass, o.Precision = model.LinearSCVI, model.BFloat16 },
		"--n-hidden in multiples of 32, it is 13":          func(o *TrainOptions) { o.NHidden, o.Precision = 13, model.BFloat16 },
		"--early-stopping-monitor is kl_global_train":      func(o *TrainOptions) { o.EarlyStopping, o.EarlyStoppingMonitor = true, "kl_global_train" },
		"--posterior is \"bent\"":                          func(o *TrainOptions) { o.Posterior = "bent" },
		"--posterior is full: it needs --n-latent 2":       func(o *TrainOptions) { o.Posterior, o.NLatent = "full", 1 },
		"--posterior is full: --iwae and --refine-steps":   func(o *TrainOptions) { o.Posterior, o.IWAE = "full", 5 },
		"--posterior is flow: it takes --n-latent up to 1": func(o *TrainOptions) { o.Posterior, o.NLatent = "flow", 300 },
		"--lr-scheduler-metric is kl_global_validation": func(o *TrainOptions) {
			o.ReduceLROnPlateau, o.LRSchedulerMetric = true, "kl_global_validation"
		},
	} {
		o := DefaultTrainOptions()
		set(&o)
		wantError(t, o.Validate(), pipeline.ExitUsage, want)
	}
	for _, class := range []string{model.SCVI, model.LinearSCVI, model.AutoZI} {
		o := DefaultTrainOptions()
		o.ModelClass = class
		check(t, o.Validate())
	}
	o := DefaultTrainOptions()
	o.ModelClass, o.EarlyStopping, o.EarlyStoppingMonitor = model.AutoZI, true, "kl_global_train"
	check(t, o.Validate())
}

func TestValidateWith(t *testing.T) {
	covered := PrepareOptions{CategoricalCovariateKeys: []string{"a"}, ContinuousCovariateKeys: []string{"b"}, SizeFactorKey: "c"}
	o := DefaultTrainOptions()
	check(t, o.ValidateWith(covered))
	o.ModelClass = model.LinearSCVI
	check(t, o.ValidateWith(PrepareOptions{BatchKey: "batch", LabelsKey: "label"}))
	wantError(t, o.ValidateWith(covered), pipeline.ExitUsage, "--categorical-covariate-keys", "--continuous-covariate-keys", "--size-factor-key")
	o = DefaultTrainOptions()
	o.EarlyStopping, o.ReduceLROnPlateau, o.LRSchedulerMetric = true, true, "elbo_train"
	for _, p := range []PrepareOptions{{TrainSize: share(1)}, {TrainSize: share(0.5), ValidationSize: share(0)}} {
		err := o.ValidateWith(p)
		wantError(t, err, pipeline.ExitUsage, "--early-stopping follows elbo_validation")
		if strings.Contains(err.Error(), "--reduce-lr-on-plateau") {
			t.Errorf("refuses to follow a metric of training: %v", err)
		}
	}
	check(t, o.ValidateWith(PrepareOptions{Split: "split.csv"}))
	wantError(t, PrepareOptions{HVGSpan: 0.3, ValidationSize: share(0.25)}.Validate(), pipeline.ExitUsage, "--train-size 0.9 and --validation-size 0.25")
}
