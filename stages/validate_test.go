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
		DefaultShared(), ingest, DefaultPrepareOptions(), DefaultTrainOptions(), DefaultQueryOptions(), DefaultReconstructOptions(), simulate,
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
		for _, v := range []any{DefaultPrepareOptions(), DefaultTrainOptions(), DefaultQueryOptions(), DefaultSimulateOptions()} {
			whole := reflect.ValueOf(v)
			for _, f := range reflect.VisibleFields(whole.Type()) {
				changed := reflect.New(whole.Type()).Elem()
				changed.Set(whole)
				switch field := changed.FieldByIndex(f.Index); field.Interface().(type) {
				case float64:
					field.SetFloat(bad)
				case *float64:
					field.Set(reflect.ValueOf(&bad))
				default:
					continue
				}
				err := changed.Interface().(interface{ Validate() error }).Validate()
				if flag := "--" + f.Tag.Get("name") + " is"; err == nil || !strings.Contains(err.Error(), flag) {
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
		ModelOptions: ModelOptions{DropoutRate: 1, GeneLikelihood: "zinbb", Dispersion: "cell", MinimalDropout: -1},
		FitOptions: FitOptions{
			MaxEpochs: -1, LR: 0, Eps: math.Inf(1), NEpochsKLWarmup: -1, NStepsKLWarmup: -1, MinKLWeight: 2, MaxKLWeight: 1,
			LRFactor: 1, LRPatience: -1, LRThreshold: -1, LRMin: -1,
			EarlyStoppingMinDelta: math.NaN(), EarlyStoppingPatience: -1, EarlyStoppingWarmupEpochs: -1, CheckpointEvery: -1,
		},
		WeightDecay: -1,
	}
	for v, flags := range map[interface{ Validate() error }]string{
		&train: "model-class n-latent n-hidden n-layers dropout-rate gene-likelihood dispersion latent-distribution batch-representation batch-embedding-dim use-batch-norm use-layer-norm alpha-prior beta-prior minimal-dropout zero-inflation max-epochs optimizer lr weight-decay eps n-epochs-kl-warmup n-steps-kl-warmup min-kl-weight lr-factor lr-patience lr-threshold lr-min lr-scheduler-metric early-stopping-monitor check-val-every-n-epoch early-stopping-min-delta early-stopping-patience early-stopping-warmup-epochs checkpoint-every",
		&PrepareOptions{NTopGenes: -1, HVGSpan: 1.5, HVGBatchKey: "x", MinCells: -1, MinCounts: -1, Split: "x", TrainSize: &bad, ValidationSize: &bad, CategoricalCovariateKeys: []string{"a", "a"}, ContinuousCovariateKeys: []string{""}}: "categorical-covariate-keys continuous-covariate-keys n-top-genes hvg-span hvg-batch-key min-cells min-counts split train-size validation-size",
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
