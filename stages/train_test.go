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
	bare := prepareTable(t, trainable(), DefaultPrepareOptions())
	for says, c := range map[string]struct {
		on  Layout
		set func(o *TrainOptions)
	}{
		"which LinearSCVI does not take":                {l, func(o *TrainOptions) { o.ModelClass = "LinearSCVI" }},
		"AUTOZI decides between nb and zinb":            {l, func(o *TrainOptions) { o.ModelClass, o.GeneLikelihood = "AUTOZI", "nb" }},
		"--early-stopping follows elbo_validation":      {unheld, func(o *TrainOptions) { o.EarlyStopping = true }},
		"--reduce-lr-on-plateau follows elbo_valid":     {unheld, func(o *TrainOptions) { o.ReduceLROnPlateau = true }},
		"precision bf16 is for decoders with a hidden":  {bare, func(o *TrainOptions) { o.ModelClass, o.Precision = "LinearSCVI", model.BFloat16 }},
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
