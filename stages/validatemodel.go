package stages

import (
	"strings"

	"cellvi/model"
)

// validateClass says what the model's class or the precision does not go with. Nothing
// here depends on the cells, so that a run says it before it reads any.
func (o TrainOptions) validateClass(f *faults) {
	switch o.ModelClass {
	case model.LinearSCVI:
		o.validateLinear(f)
	case model.AutoZI:
		f.unless(o.GeneLikelihood == "" || o.GeneLikelihood == "zinb", "--gene-likelihood is %q: AUTOZI decides between nb and zinb itself: leave it out", o.GeneLikelihood)
	}
	half := o.Precision == model.BFloat16
	f.unless(!half || o.ModelClass != model.LinearSCVI, "--precision is bf16: it is for decoders with a hidden layer, which LinearSCVI has not: take f32")
	f.unless(!half || o.NHidden%32 == 0, "--precision is bf16: it needs --n-hidden in multiples of 32, it is %d: change that, or take f32", o.NHidden)
	o.validateMetric(f, o.EarlyStopping, "early-stopping-monitor", o.EarlyStoppingMonitor)
	o.validateMetric(f, o.ReduceLROnPlateau, "lr-scheduler-metric", o.LRSchedulerMetric)
}

// validateLinear is what LinearSCVI has not, in scvi-tools neither.
func (o TrainOptions) validateLinear(f *faults) {
	const instead = ": leave it out, or take --model-class SCVI"
	f.unless(o.Dispersion != "gene-cell", "--dispersion is gene-cell: LinearSCVI has gene, gene-batch and gene-label")
	f.unless(o.GeneLikelihood != "normal", "--gene-likelihood is normal: LinearSCVI has nb, zinb and poisson")
	f.unless(!o.EncodeCovariates, "--encode-covariates is given: LinearSCVI encodes none%s", instead)
	f.unless(o.BatchRepresentation != "embedding", "--batch-representation is embedding: LinearSCVI has none%s", instead)
	f.unless(o.UseLayerNorm == "none", "--use-layer-norm is %s: LinearSCVI has none%s", o.UseLayerNorm, instead)
}

// validateMetric refuses to follow what is always 0.
func (o TrainOptions) validateMetric(f *faults, on bool, flag, metric string) {
	f.unless(!on || o.ModelClass == model.AutoZI || !strings.HasPrefix(metric, "kl_global_"),
		"--%s is %s, which is always 0 of %s: only AUTOZI has it", flag, metric, o.ModelClass)
}

// ValidateWith says what of o does not go with what prepare is to do: a run says it
// before it reads any cells.
func (o TrainOptions) ValidateWith(p PrepareOptions) error {
	var f faults
	if o.ModelClass == model.LinearSCVI {
		const found = "--%s is given: LinearSCVI takes %s: leave it out, or take --model-class SCVI"
		f.unless(len(p.CategoricalCovariateKeys) == 0, found, "categorical-covariate-keys", "no covariates beside --batch-key")
		f.unless(len(p.ContinuousCovariateKeys) == 0, found, "continuous-covariate-keys", "no covariates beside --batch-key")
		f.unless(p.SizeFactorKey == "", found, "size-factor-key", "no size factors")
	}
	all := p.TrainSize != nil && *p.TrainSize == 1
	none := p.ValidationSize != nil && *p.ValidationSize == 0
	if p.Split == "" && (all || none) {
		for _, x := range o.followed() {
			f.unless(!model.Validates(x.metric), "--%s follows %s of validation cells, of which --train-size and --validation-size leave none", x.flag, x.metric)
		}
	}
	return f.err()
}

// following is a flag that follows a metric.
type following struct{ flag, metric string }

// followed lists those that are on.
func (o FitOptions) followed() (list []following) {
	if o.EarlyStopping {
		list = append(list, following{"early-stopping", o.EarlyStoppingMonitor})
	}
	if o.ReduceLROnPlateau {
		list = append(list, following{"reduce-lr-on-plateau", o.LRSchedulerMetric})
	}
	return list
}
