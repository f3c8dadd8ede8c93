package stages

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"cellvi/io/h5ad"
	"cellvi/pipeline"
)

// faults collects everything that is wrong with options.
type faults []string

func (f *faults) unless(ok bool, format string, args ...any) {
	if !ok {
		*f = append(*f, fmt.Sprintf(format, args...))
	}
}

// distinctKeys takes names of annotations, each once.
func (f *faults) distinctKeys(flag string, keys []string) {
	for i, key := range keys {
		f.unless(key != "", "%s has an empty name", flag)
		f.unless(!slices.Contains(keys[:i], key), "%s names %s twice", flag, key)
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
	f.distinctKeys("--categorical-covariate-keys", o.CategoricalCovariateKeys)
	f.distinctKeys("--continuous-covariate-keys", o.ContinuousCovariateKeys)
	if v := o.TrainSize; v != nil {
		f.unless(*v > 0 && *v <= 1, "--train-size is %v: it must be above 0 and at most 1", *v)
	}
	if v := o.ValidationSize; v != nil {
		f.unless(*v >= 0 && *v < 1, "--validation-size is %v: it must be at least 0 and below 1", *v)
	}
	if len(f) == 0 && o.Split == "" {
		return SplitOptions{TrainSize: o.TrainSize, ValidationSize: o.ValidationSize, BatchSize: leastCells}.check(leastCells)
	}
	return f.err()
}

// Validate says everything that is wrong with o.
func (o EmbedOptions) Validate() error {
	var f faults
	asked := o.From != "" || o.ObsmKey != "" && o.ObsmKey != defaultObsmKey || o.WriteObs || len(o.WriteLayers) > 0 || o.OverwriteKeys
	f.unless(o.WriteH5AD != "" || !asked, "--from, --obsm-key, --write-obs, --write-layers and --overwrite-keys are given without --write-h5ad, which they are for")
	f.unless(o.WriteH5AD == "" || h5ad.Named(o.ObsmKey), "--obsm-key is %q: it must be a name without a slash", o.ObsmKey)
	o.validateRefine(&f)
	for i, layer := range o.WriteLayers {
		f.unless(layer == "px_rate" || layer == "px_scale", "--write-layers is %q: it must be px_rate or px_scale", layer)
		f.unless(!slices.Contains(o.WriteLayers[:i], layer), "--write-layers names %s twice", layer)
	}
	return f.err()
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
