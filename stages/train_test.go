package stages

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/io/counts"
	"cellvi/io/results"
	"cellvi/io/safetensors"
	"cellvi/model"
	"cellvi/pipeline"
)

// trainable is a table of 90 cells × 24 genes in two batches, with two further
// categorical covariates, one continuous, and size factors.
func trainable() *table {
	x, rng := &table{}, rand.New(rand.NewPCG(1, 2))
	batch, kind := counts.Column{Name: "sample", Kind: counts.String}, counts.Column{Name: "kind", Kind: counts.Categorical, Levels: []string{"T", "B"}}
	donor, run := counts.Column{Name: "donor", Kind: counts.String}, counts.Column{Name: "run", Kind: counts.Int}
	age, depth := counts.Column{Name: "age", Kind: counts.Float}, counts.Column{Name: "depth", Kind: counts.Float}
	for g := range 24 {
		x.genes = append(x.genes, fmt.Sprintf("g%d", g))
	}
	for i := range 90 {
		x.cells = append(x.cells, fmt.Sprintf("c%d", i))
		row := make([]float64, 24)
		for g := range row {
			row[g] = math.Floor(rng.ExpFloat64() * float64(1+3*((g+i)%3)))
		}
		x.rows = append(x.rows, row)
		batch.Strings, kind.Codes = append(batch.Strings, []string{"s1", "s2"}[i%2]), append(kind.Codes, int32(i/2%2))
		donor.Strings, run.Ints = append(donor.Strings, []string{"d", "e", "f"}[rng.IntN(3)]), append(run.Ints, rng.Int64N(2))
		age.Floats, depth.Floats = append(age.Floats, rng.NormFloat64()), append(depth.Floats, 1+rng.Float64())
	}
	x.obs = []counts.Column{batch, kind, donor, run, age, depth}
	return x
}

// quick is a small model for few epochs.
func quick() TrainOptions {
	o := DefaultTrainOptions()
	o.NHidden, o.NLatent, o.MaxEpochs, o.NEpochsKLWarmup = 8, 3, 2, 2
	return o
}

// prepareTable prepares a table in a new run's folder.
func prepareTable(t *testing.T, x *table, o PrepareOptions) Layout {
	t.Helper()
	s := &Prepare{Layout: writeStore(t, x), Options: o, Shared: DefaultShared()}
	_, err := run(s)
	check(t, err)
	return s.Layout
}

// withCovariates are options of prepare with every covariate of trainable.
func withCovariates() PrepareOptions {
	o := DefaultPrepareOptions()
	o.BatchKey, o.LabelsKey = "sample", "kind"
	o.CategoricalCovariateKeys, o.ContinuousCovariateKeys = []string{"donor", "run"}, []string{"age"}
	return o
}

// fitted trains, embeds and reconstructs in a folder where prepare was.
func fitAll(t *testing.T, l Layout, o TrainOptions, threads int) *pipeline.Job {
	t.Helper()
	shared := DefaultShared()
	shared.BatchSize = 32
	job := pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), threads, 0)
	for _, s := range []pipeline.Stage{&Train{Layout: l, Options: o, Shared: shared}, &Embed{Layout: l}, &Reconstruct{Layout: l, Options: DefaultReconstructOptions()}} {
		check(t, s.Run(t.Context(), job))
	}
	return job
}

// outputs are the files that fitAll writes.
func outputs(t *testing.T, l Layout) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, root := range []string{l.Model(), l.History(), l.Genes(), l.Latent(), l.Reconstruction()} {
		check(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files[strings.TrimPrefix(path, l.Dir)], err = os.ReadFile(path)
			}
			return err
		}))
	}
	return files
}

func wantSame(t *testing.T, what string, got, want map[string][]byte) {
	t.Helper()
	for name := range want {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("%s: %s differs", what, name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d files, want %d", what, len(got), len(want))
	}
}

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
	there, err := filepath.Glob(filepath.Join(l.Reconstruction(), "*"))
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

// cancelAfter cancels training after so many steps.
type cancelAfter struct {
	pipeline.Progress
	steps  int
	cancel context.CancelFunc
}

func (s *cancelAfter) Add(n int64) {
	if s.steps--; s.steps == 0 {
		s.cancel()
	}
	s.Progress.Add(n)
}

// A training that is interrupted goes on where it was, the learning rate and what it
// waits for included.
func TestTrainResumes(t *testing.T) {
	o := quick()
	o.GeneLikelihood, o.Dispersion, o.MaxEpochs = "zinb", "gene-batch", 6
	o.ReduceLROnPlateau, o.LRPatience, o.LRThreshold, o.LRSchedulerMetric = true, 1, 1e6, "train_loss"
	whole := prepareTable(t, trainable(), withCovariates())
	fitAll(t, whole, o, 1)
	want := outputs(t, whole)
	h, err := results.Read(whole.History())
	check(t, err)
	if lr := h.Column("lr").Float64; lr[2] != 1e-3 || lr[3] != 0.6e-3 || math.Abs(lr[5]-0.36e-3) > 1e-12 {
		t.Errorf("the learning rate was %v", lr)
	}
	for _, steps := range []int{1, 8, 10} { // epochs have three
		l := prepareTable(t, trainable(), withCovariates())
		s := &Train{Layout: l, Options: o, Shared: Shared{BatchSize: 32}}
		ctx, cancel := context.WithCancel(t.Context())
		job := pipeline.NewJob(zerolog.Nop(), &cancelAfter{pipeline.NewLines(zerolog.Nop()), steps, cancel}, 2, 0)
		wantError(t, s.Run(ctx, job), pipeline.ExitInterrupted, "run the same command again")
		fitAll(t, l, o, 2)
		wantSame(t, fmt.Sprintf("stopped after %d steps", steps), outputs(t, l), want)
	}
}

// The prior of an inferred library size is mean and variance of the log totals of each
// batch over all prepared cells, those of no part of the split too.
func TestLibraryPrior(t *testing.T) {
	x := trainable()
	p := DefaultPrepareOptions()
	p.BatchKey, p.TrainSize, p.ValidationSize = "sample", share(0.5), share(0.2)
	l, o, inferred := prepareTable(t, x, p), quick(), false
	o.UseObservedLibSize = &inferred
	fitAll(t, l, o, 1)
	tensors, _, err := safetensors.Read(filepath.Join(l.Model(), "model.safetensors"))
	check(t, err)
	for batch := range 2 {
		var logs []float64
		for i := batch; i < len(x.rows); i += 2 {
			total := 0.0
			for _, v := range x.rows[i] {
				total += v
			}
			logs = append(logs, math.Log(total))
		}
		mean, variance := 0.0, 0.0
		for _, v := range logs {
			mean += v / float64(len(logs))
		}
		for _, v := range logs {
			variance += (v - mean) * (v - mean) / float64(len(logs))
		}
		for name, want := range map[string]float64{"library_log_means": mean, "library_log_vars": variance} {
			i := slices.IndexFunc(tensors, func(x safetensors.Tensor) bool { return x.Name == name })
			if got := float64(tensors[i].F32[batch]); math.Abs(got-want) > 1e-6 {
				t.Errorf("%s of batch %d is %g, want %g", name, batch, got, want)
			}
		}
	}
	x.obs[0].Strings[7] = "alone"
	l = prepareTable(t, x, p)
	_, err = run(&Train{Layout: l, Options: o, Shared: DefaultShared()})
	wantError(t, err, pipeline.ExitBadInput, "the batch alone (1 cell)", "--use-observed-lib-size")
}

func TestInitModel(t *testing.T) {
	first, o := prepareTable(t, trainable(), withCovariates()), quick()
	fitAll(t, first, o, 1)
	before, _, err := readModel(first.Model())
	check(t, err)
	// Levels are coded by name: here there is no d, and kinds are in another order.
	x := trainable()
	for i, d := range x.obs[2].Strings {
		x.obs[2].Strings[i] = strings.Replace(d, "d", "f", 1)
	}
	second, again := prepareTable(t, x, withCovariates()), o
	again.InitModel, again.LR, again.MaxEpochs = first.Model(), 1e-9, 1
	fitAll(t, second, again, 1)
	after, card, err := readModel(second.Model())
	check(t, err)
	if got := strings.Join(card.CategoricalLevels[0], " "); got != "d e f" {
		t.Errorf("levels %q", got)
	}
	a, b := before.Tensors(), after.Tensors()
	for i := range a {
		for k, v := range a[i].Data {
			if math.Abs(float64(v-b[i].Data[k])) > 1e-6 && !strings.Contains(a[i].Name, "running") {
				t.Fatalf("%s began at %g, not at %g", a[i].Name, b[i].Data[k], v)
			}
		}
	}
	again.NLatent, again.GeneLikelihood = 4, "zinb"
	_, err = run(&Train{Layout: second, Options: again, Shared: DefaultShared()})
	wantError(t, err, pipeline.ExitUsage, `gene_likelihood is "nb" there, "zinb" is asked for; n_latent is 3 there, 4 is asked for`)
	again = o
	again.InitModel = first.Model()
	fewer := DefaultPrepareOptions()
	fewer.MinCells = 61
	_, err = run(&Train{Layout: prepareTable(t, trainable(), fewer), Options: again, Shared: DefaultShared()})
	wantError(t, err, pipeline.ExitBadInput, "its 24 genes are not the", "--genes FILE")
}

func TestTrainRefuses(t *testing.T) {
	l := prepareTable(t, trainable(), withCovariates())
	alone := withCovariates()
	alone.TrainSize = share(1)
	unheld := prepareTable(t, trainable(), alone)
	for says, c := range map[string]struct {
		on  Layout
		set func(o *TrainOptions)
	}{
		"LinearSCVI takes no covariates":                {l, func(o *TrainOptions) { o.ModelClass = "LinearSCVI" }},
		"AUTOZI decides between nb and zinb":            {l, func(o *TrainOptions) { o.ModelClass, o.GeneLikelihood = "AUTOZI", "nb" }},
		"--early-stopping follows elbo_validation":      {unheld, func(o *TrainOptions) { o.EarlyStopping = true }},
		"--reduce-lr-on-plateau follows elbo_valid":     {unheld, func(o *TrainOptions) { o.ReduceLROnPlateau = true }},
		"precision bf16 is for decoders with a hidden":  {l, func(o *TrainOptions) { o.ModelClass, o.Precision = "LinearSCVI", model.BFloat16 }},
		"lr_scheduler_metric \"x\": there are [\"elbo_": {l, func(o *TrainOptions) { o.ReduceLROnPlateau, o.LRSchedulerMetric = true, "x" }},
	} {
		o := quick()
		c.set(&o)
		_, err := run(&Train{Layout: c.on, Options: o, Shared: DefaultShared()})
		if ExitCode(err) != pipeline.ExitUsage || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	o := quick()
	o.EarlyStopping, o.EarlyStoppingMonitor, o.EarlyStoppingPatience, o.EarlyStoppingMinDelta = true, "elbo_train", 1, 1e6
	job, err := run(&Train{Layout: unheld, Options: o, Shared: DefaultShared()})
	check(t, err)
	wantCounts(t, job, map[string]int64{"epochs": 2})
	o.Dispersion = "gene-label"
	job, err = run(&Train{Layout: prepareTable(t, trainable(), DefaultPrepareOptions()), Options: o, Shared: DefaultShared()})
	check(t, err)
	wantWarning(t, job, "--dispersion gene-label is the same as gene: there is one label")
}
