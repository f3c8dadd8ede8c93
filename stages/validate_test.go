package stages

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"cellvi/pipeline"
)

// TestDefaultsAreValid: what Default gives passes Validate.
func TestDefaultsAreValid(t *testing.T) {
	ingest, simulate := DefaultIngestOptions(), DefaultSimulateOptions()
	ingest.Input, simulate.Output = []string{"x.h5ad"}, "y.h5ad"
	for _, v := range []interface{ Validate() error }{
		DefaultShared(), ingest, DefaultPrepareOptions(), DefaultTrainOptions(), DefaultReconstructOptions(), simulate,
	} {
		if err := v.Validate(); err != nil {
			t.Errorf("%T: %v", v, err)
		}
	}
}

// TestValidateFinite: every option that is a number with a fraction refuses
// what is no finite number.
func TestValidateFinite(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, v := range []any{DefaultPrepareOptions(), DefaultTrainOptions(), DefaultSimulateOptions()} {
			whole := reflect.ValueOf(v)
			for i := range whole.NumField() {
				changed := reflect.New(whole.Type()).Elem()
				changed.Set(whole)
				switch field := changed.Field(i); field.Interface().(type) {
				case float64:
					field.SetFloat(bad)
				case *float64:
					field.Set(reflect.ValueOf(&bad))
				default:
					continue
				}
				err := changed.Interface().(interface{ Validate() error }).Validate()
				if flag := "--" + whole.Type().Field(i).Tag.Get("name") + " is"; err == nil || !strings.Contains(err.Error(), flag) {
					t.Errorf("%s %v: %v", flag, bad, err)
				}
			}
		}
	}
}

// TestValidateSaysAll: every problem at once, as a mistake of usage.
func TestValidateSaysAll(t *testing.T) {
	bad := -1.0
	train := TrainOptions{
		NLatent: 0, NHidden: 0, NLayers: 0, DropoutRate: 1, GeneLikelihood: "zinb", Dispersion: "gene-cell",
		MaxEpochs: -1, LR: 0, WeightDecay: -1, Eps: math.Inf(1), NEpochsKLWarmup: -1, NStepsKLWarmup: -1, MinKLWeight: 2, MaxKLWeight: 1,
		EarlyStoppingMinDelta: math.NaN(), EarlyStoppingPatience: -1, EarlyStoppingWarmupEpochs: -1, CheckpointEvery: -1,
	}
	for v, flags := range map[interface{ Validate() error }]string{
		&train: "n-latent n-hidden n-layers dropout-rate gene-likelihood dispersion max-epochs lr weight-decay eps n-epochs-kl-warmup n-steps-kl-warmup min-kl-weight early-stopping-min-delta early-stopping-patience early-stopping-warmup-epochs checkpoint-every",
		&PrepareOptions{NTopGenes: -1, HVGSpan: 1.5, HVGBatchKey: "x", MinCells: -1, MinCounts: -1, Split: "x", TrainSize: &bad, ValidationSize: &bad}: "n-top-genes hvg-span hvg-batch-key min-cells min-counts split train-size validation-size",
		&Shared{Seed: 1 << 32, BatchSize: 2}:                   "seed batch-size",
		&IngestOptions{ReadOptions: ReadOptions{Join: "left"}}: "input join",
		&ReconstructOptions{Reconstruct: "x"}:                  "reconstruct",
		&SimulateOptions{Library: math.Inf(-1), Gzip: 10}:      "output gzip cells genes n-batches n-labels n-latent library",
	} {
		err := v.Validate()
		wantError(t, err, pipeline.ExitUsage)
		for _, flag := range strings.Fields(flags) {
			if !strings.Contains(err.Error(), "--"+flag+" ") {
				t.Errorf("%T: nothing of --%s in: %v", v, flag, err)
			}
		}
	}
}
