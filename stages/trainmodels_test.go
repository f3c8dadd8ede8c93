package stages

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cellvi/io/results"
)

// Every model goes through the stages: its losses fall and are finite, what it writes is
// what it has, and the bytes are the same for one thread and two.
func TestEveryModel(t *testing.T) {
	covered := prepareTable(t, trainable(), withCovariates())
	sized := withCovariates()
	sized.SizeFactorKey = "depth"
	bare := DefaultPrepareOptions()
	bare.BatchKey, bare.LabelsKey = "sample", "kind"
	factors, plain := prepareTable(t, trainable(), sized), prepareTable(t, trainable(), bare)
	inferred := false
	for name, c := range everyModel() {
		t.Run(name, func(t *testing.T) {
			l := map[string]Layout{"": plain, "covariates": covered, "factors": factors}[c.on]
			o := quick()
			o.LR, o.MaxEpochs, o.DropoutRate = 0.02, 8, 0.01
			c.set(&o)
			if c.inferred {
				o.UseObservedLibSize = &inferred
			}
			fitAll(t, l, o, 1)
			one := outputs(t, l)
			wantHistory(t, l)
			wantColumns(t, l, c.genes, c.files)
			fitAll(t, l, o, 2)
			wantSame(t, "two threads", outputs(t, l), one)
		})
	}
}

type everyCase struct {
	on       string // what the cells have
	set      func(o *TrainOptions)
	inferred bool
	genes    string // columns of genes.parquet after those of prepare
	files    string // of the reconstruction
}

func everyModel() map[string]everyCase {
	cases := map[string]everyCase{
		"all":          {"covariates", func(o *TrainOptions) { o.EncodeCovariates, o.NLayers, o.UseLayerNorm = true, 2, "both" }, true, "dispersion", "px_r px_rate"},
		"shallow":      {"covariates", func(o *TrainOptions) { o.DeeplyInjectCovariates, o.NLayers, o.LogVariational = false, 2, false }, false, "dispersion", "px_r px_rate"},
		"embedding":    {"covariates", func(o *TrainOptions) { o.BatchRepresentation, o.UseBatchNorm = "embedding", "none" }, false, "dispersion", "px_r px_rate"},
		"size factors": {"factors", func(o *TrainOptions) { o.LatentDistribution, o.Optimizer = "ln", "AdamW" }, true, "dispersion", "px_r px_rate"},
		"linear":       {"", func(o *TrainOptions) { o.ModelClass, o.Dispersion = "LinearSCVI", "gene-batch" }, false, "dispersion_s1 dispersion_s2 loadings_0 loadings_1 loadings_2", "px_r px_rate"},
		"linear biased": {"", func(o *TrainOptions) { o.ModelClass, o.Bias, o.GeneLikelihood = "LinearSCVI", true, "zinb" }, false,
			"dispersion loadings_0 loadings_1 loadings_2", "px_r px_rate px_dropout"},
		"full":   {"covariates", func(o *TrainOptions) { o.Posterior = "full" }, true, "dispersion", "px_r px_rate"},
		"flow":   {"", func(o *TrainOptions) { o.Posterior, o.LatentDistribution = "flow", "ln" }, false, "dispersion", "px_r px_rate"},
		"autozi": {"", func(o *TrainOptions) { o.ModelClass = "AUTOZI" }, true, "dispersion alpha_posterior beta_posterior zero_inflation_probability", "px_r px_rate px_dropout"},
		"autozi by label": {"", func(o *TrainOptions) { o.ModelClass, o.ZeroInflation = "AUTOZI", "gene-label" }, false,
			"dispersion alpha_posterior_T alpha_posterior_B beta_posterior_T beta_posterior_B zero_inflation_probability_T zero_inflation_probability_B", "px_r px_rate px_dropout"},
	}
	columns := map[string]string{"gene": "dispersion", "gene-batch": "dispersion_s1 dispersion_s2", "gene-label": "dispersion_T dispersion_B"}
	for i, likelihood := range []string{"nb", "zinb", "normal", "poisson"} {
		for j, dispersion := range []string{"gene", "gene-batch", "gene-label", "gene-cell"} {
			c := everyCase{on: []string{"", "covariates"}[(i+j)%2], genes: columns[dispersion], files: "px_r px_rate"}
			if likelihood == "poisson" {
				c.genes, c.files = "", "px_rate"
			}
			if likelihood == "zinb" {
				c.files += " px_dropout"
			}
			c.set = func(o *TrainOptions) { o.GeneLikelihood, o.Dispersion = likelihood, dispersion }
			cases[likelihood+" "+dispersion] = c
		}
	}
	return cases
}

// wantHistory holds the losses to be finite, and to fall.
func wantHistory(t *testing.T, l Layout) {
	t.Helper()
	h, err := results.Read(l.History())
	check(t, err)
	for _, c := range h.Columns {
		for _, v := range c.Float64 {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s has %v", c.Name, c.Float64)
			}
		}
	}
	if loss := h.Column("reconstruction_loss_train").Float64; !(loss[7] < loss[0]) {
		t.Errorf("the reconstruction loss went from %g to %g", loss[0], loss[7])
	}
}

// wantColumns holds genes.parquet to columns, and the reconstruction to files of numbers
// that can be.
func wantColumns(t *testing.T, l Layout, columns, files string) {
	t.Helper()
	genes, err := results.Read(l.Genes())
	check(t, err)
	var names []string
	for _, c := range genes.Columns[5:] {
		names = append(names, c.Name)
		for _, v := range c.Float32 {
			if v-v != 0 || !strings.HasPrefix(c.Name, "loadings") && !(v > 0) || strings.Contains(c.Name, "probability") && v > 1 {
				t.Errorf("%s has %v", c.Name, c.Float32)
			}
		}
	}
	if got := strings.Join(names, " "); got != columns {
		t.Errorf("genes.parquet has %q, want %q", got, columns)
	}
	there, err := filepath.Glob(filepath.Join(l.Reconstruction(), "*.parquet"))
	check(t, err)
	want := strings.Fields(files)
	for _, path := range there {
		name := strings.TrimSuffix(filepath.Base(path), ".parquet")
		if !slices.Contains(want, name) {
			t.Errorf("the reconstruction has %s, want %v", name, want)
		}
		wantMatrix(t, path, name)
	}
	if len(there) != len(want) {
		t.Errorf("the reconstruction has %v, want %v", there, want)
	}
}

func wantMatrix(t *testing.T, path, name string) {
	t.Helper()
	x, err := results.Read(path)
	check(t, err)
	for _, c := range x.Columns[1:] {
		for _, v := range c.Float32 {
			if !(v >= 0) || v-v != 0 || name == "px_dropout" && v > 1 {
				t.Fatalf("%s: %s has %v", name, c.Name, v)
			}
		}
	}
}
