package stages

import (
	"fmt"
	"math"
	"strings"

	"cellvi/pipeline"
)

// faults collects everything that is wrong with options.
type faults []string

func (f *faults) unless(ok bool, format string, args ...any) {
	if !ok {
		*f = append(*f, fmt.Sprintf(format, args...))
	}
}

// err is one usage error for all of them; nil for none.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return pipeline.Usage("%s", strings.Join(f, "; "))
}

// Validate says everything that is wrong with o.
func (o Shared) Validate() error {
	var f faults
	f.unless(o.Seed < 1<<32, "--seed is %d: it must be below 4294967296", o.Seed)
	f.unless(o.BatchSize >= 3, "--batch-size is %d: batch norm needs at least 3 cells", o.BatchSize)
	return f.err()
}

// Validate says everything that is wrong with o.
func (o IngestOptions) Validate() error {
	var f faults
	f.unless(len(o.Input) > 0, "--input is missing: name at least one file")
	for _, path := range o.Input {
		f.unless(path != "", "--input is an empty name")
	}
	if err := o.ReadOptions.Validate(); err != nil {
		f = append(f, err.Error())
	}
	return f.err()
}

// Validate says everything that is wrong with o.
func (o PrepareOptions) Validate() error {
	var f faults
	f.unless(o.NTopGenes >= 0, "--n-top-genes is %d: it must not be negative", o.NTopGenes)
	f.unless(o.HVGSpan > 0 && o.HVGSpan <= 1, "--hvg-span is %v: it must be above 0 and at most 1", o.HVGSpan)
	f.unless(o.HVGBatchKey == "" || o.NTopGenes > 0, "--hvg-batch-key is given without --n-top-genes, which it is for")
	f.unless(o.MinCells >= 0, "--min-cells is %d: it must not be negative", o.MinCells)
	f.unless(isFinite(o.MinCounts) && o.MinCounts >= 0, "--min-counts is %v: it must be a finite number, and not negative", o.MinCounts)
	f.unless(o.Split == "" || o.TrainSize == nil && o.ValidationSize == nil, "--split is given together with --train-size or --validation-size")
	if v := o.TrainSize; v != nil {
		f.unless(*v > 0 && *v <= 1, "--train-size is %v: it must be above 0 and at most 1", *v)
	}
	if v := o.ValidationSize; v != nil {
		f.unless(*v >= 0 && *v < 1, "--validation-size is %v: it must be at least 0 and below 1", *v)
	}
	return f.err()
}

// Validate says everything that is wrong with o.
func (o TrainOptions) Validate() error {
	var f faults
	o.validateModel(&f)
	o.validateFit(&f)
	f.unless(isFinite(o.EarlyStoppingMinDelta) && o.EarlyStoppingMinDelta >= 0, "--early-stopping-min-delta is %v: it must be a finite number, and not negative", o.EarlyStoppingMinDelta)
	f.unless(o.EarlyStoppingPatience >= 0, "--early-stopping-patience is %d: it must not be negative", o.EarlyStoppingPatience)
	f.unless(o.EarlyStoppingWarmupEpochs >= 0, "--early-stopping-warmup-epochs is %d: it must not be negative", o.EarlyStoppingWarmupEpochs)
	f.unless(isFinite(o.CheckpointEvery) && o.CheckpointEvery >= 0, "--checkpoint-every is %v seconds: it must be a finite number, and not negative", o.CheckpointEvery)
	return f.err()
}

func (o TrainOptions) validateModel(f *faults) {
	f.unless(o.NLatent >= 1 && o.NLatent <= 1024, "--n-latent is %d: it must be 1 to 1024", o.NLatent)
	f.unless(o.NHidden >= 1 && o.NHidden <= 65536, "--n-hidden is %d: it must be 1 to 65536", o.NHidden)
	f.unless(o.NLayers >= 1 && o.NLayers <= 64, "--n-layers is %d: it must be 1 to 64", o.NLayers)
	f.unless(o.DropoutRate >= 0 && o.DropoutRate < 1, "--dropout-rate is %v: it must be at least 0 and below 1", o.DropoutRate)
	f.unless(o.GeneLikelihood == "nb", "--gene-likelihood is %q: this version has nb", o.GeneLikelihood)
	f.unless(o.Dispersion == "gene", "--dispersion is %q: this version has gene", o.Dispersion)
}

func (o TrainOptions) validateFit(f *faults) {
	f.unless(o.MaxEpochs >= 0, "--max-epochs is %d: it must not be negative", o.MaxEpochs)
	f.unless(isFinite(o.LR) && o.LR > 0, "--lr is %v: it must be a finite number above 0", o.LR)
	f.unless(isFinite(o.WeightDecay) && o.WeightDecay >= 0, "--weight-decay is %v: it must be a finite number, and not negative", o.WeightDecay)
	f.unless(isFinite(o.Eps) && o.Eps > 0, "--eps is %v: it must be a finite number above 0", o.Eps)
	f.unless(o.NEpochsKLWarmup >= 0, "--n-epochs-kl-warmup is %d: it must not be negative", o.NEpochsKLWarmup)
	f.unless(o.NStepsKLWarmup >= 0, "--n-steps-kl-warmup is %d: it must not be negative", o.NStepsKLWarmup)
	f.unless(o.MinKLWeight >= 0 && o.MinKLWeight <= o.MaxKLWeight && isFinite(o.MaxKLWeight),
		"--min-kl-weight is %v and --max-kl-weight is %v: they must be finite and not negative, the first not above the second", o.MinKLWeight, o.MaxKLWeight)
}

// Validate says everything that is wrong with o.
func (o ReconstructOptions) Validate() error {
	var f faults
	f.unless(o.Reconstruct == "px_rate" || o.Reconstruct == "px_scale", "--reconstruct is %q: it must be px_rate or px_scale", o.Reconstruct)
	return f.err()
}

// Validate says everything that is wrong with o.
func (o SimulateOptions) Validate() error {
	var f faults
	f.unless(o.Output != "", "--output is missing: name the file to write")
	for _, n := range []struct {
		flag  string
		value int
	}{{"cells", o.Cells}, {"genes", o.Genes}, {"n-batches", o.NBatches}, {"n-labels", o.NLabels}, {"n-latent", o.NLatent}} {
		f.unless(n.value >= 1 && n.value <= 1<<30, "--%s is %d: it must be at least 1", n.flag, n.value)
	}
	f.unless(o.Genes != 1, "--genes is 1: a model needs at least 2")
	f.unless(o.Gzip >= 0 && o.Gzip <= 9, "--gzip is %d: it must be 0 to 9", o.Gzip)
	f.unless(o.Library > 0 && o.Library <= 1e9, "--library is %v: it must be above 0 and at most 1e9", o.Library)
	return f.err()
}

// isFinite tells a number from NaN and the infinities, which JSON does not have.
func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
