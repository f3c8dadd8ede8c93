package stages

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/model"
	"cellvi/pipeline"
)

// expect asks a stage what it would take.
func expect(t *testing.T, s pipeline.Expecter, ahead pipeline.Ahead, memory int64) (*pipeline.Expectation, error) {
	t.Helper()
	return s.Expect(t.Context(), pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), 1, memory), ahead)
}

// expected is expect without an error, and its work in one line.
func expected(t *testing.T, s pipeline.Expecter, ahead pipeline.Ahead, memory int64) (*pipeline.Expectation, string) {
	t.Helper()
	e, err := expect(t, s, ahead, memory)
	check(t, err)
	return e, strings.Join(e.Work, "; ")
}

// wholeRun are the stages of a run of the input, with what is yet to be made.
func wholeRun(t *testing.T, input string, at Layout, o PrepareOptions, train TrainOptions) (list []pipeline.Expecter, ahead pipeline.Ahead) {
	t.Helper()
	ingest := DefaultIngestOptions()
	ingest.Input = []string{input}
	stages := []pipeline.Stage{&Ingest{Layout: at, Options: ingest}, &Prepare{Layout: at, Options: o, Shared: DefaultShared()},
		&Train{Layout: at, Options: train, Shared: DefaultShared()}, &Embed{Layout: at}, &Reconstruct{Layout: at, Options: DefaultReconstructOptions()}}
	ahead = pipeline.Ahead{}
	for _, s := range stages {
		list = append(list, s.(pipeline.Expecter))
		for _, path := range s.Plan().Outputs {
			ahead[path] = nil
		}
	}
	return list, ahead
}

// TestExpectedShapes: what is told before anything is made is what is found when it is.
func TestExpectedShapes(t *testing.T) {
	x := trainable()
	given := writeStore(t, x).Store()
	o, train := DefaultPrepareOptions(), quick()
	list, ahead := wholeRun(t, given, Layout{t.TempDir()}, o, train)
	var texts []string
	for _, s := range list {
		e, work := expected(t, s, ahead, 0)
		texts = append(texts, work)
		if _, prepare := s.(*Prepare); !prepare && !(e.Seconds > 0) {
			t.Errorf("%T takes no time: %+v", s, e)
		}
	}
	l := prepareTable(t, x, o)
	_, prepared := expected(t, &Prepare{Layout: l, Options: o, Shared: DefaultShared()}, pipeline.Ahead{}, 0)
	_, trained := expected(t, &Train{Layout: l, Options: train, Shared: DefaultShared()}, pipeline.Ahead{}, 0)
	for i, want := range map[int]string{1: prepared, 2: trained} {
		if strings.ReplaceAll(texts[i], "at most ", "") != want {
			t.Errorf("beforehand\n%s\nof what is there\n%s", texts[i], want)
		}
	}
}

// TestExpectedMemory: the estimate of cells that are there is the one that training goes
// by, so that what it refuses is refused by a dry run too.
func TestExpectedMemory(t *testing.T) {
	l := prepareTable(t, trainable(), DefaultPrepareOptions())
	train := &Train{Layout: l, Options: quick(), Shared: DefaultShared()}
	e, _ := expected(t, train, pipeline.Ahead{}, 1e9)
	if e.Memory < programBytes || e.Memory > 1e9 {
		t.Fatalf("memory %d", e.Memory)
	}
	for _, budget := range []int64{e.Memory - 1e6, e.Memory * 4 / 3} {
		_, err := expect(t, train, pipeline.Ahead{}, budget)
		job := pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), 1, budget)
		real := train.Run(t.Context(), job)
		if ExitCode(err) != ExitCode(real) || err != nil && err.Error() != real.Error() {
			t.Errorf("budget %d: expected %v, training says %v", budget, err, real)
		}
	}
}

// TestExpectedBounds: what is not known yet is said, and is no reason to refuse.
func TestExpectedBounds(t *testing.T) {
	o := DefaultPrepareOptions()
	x := trainable()
	o.NTopGenes, o.MinCounts, o.BatchKey = 3, 1, x.obs[0].Name
	list, ahead := wholeRun(t, writeStore(t, x).Store(), Layout{t.TempDir()}, o, quick())
	for _, s := range list[:3] {
		e, work := expected(t, s, ahead, 61e6)
		switch s.(type) {
		case *Prepare:
			if !strings.Contains(work, "at most") || !strings.Contains(work, "which genes are chosen is not known yet") || !strings.Contains(work, "--min-counts") ||
				!strings.Contains(work, "how many levels sample has is not known") {
				t.Errorf("prepare: %s", work)
			}
		case *Train:
			if !strings.Contains(e.MemoryNote, "it may be refused") {
				t.Errorf("train: %+v", e)
			}
		}
	}
}

// TestExpectedOfNothing: a stage whose inputs nobody could tell of says so.
func TestExpectedOfNothing(t *testing.T) {
	list, ahead := wholeRun(t, "", Layout{t.TempDir()}, DefaultPrepareOptions(), quick())
	for _, s := range list[1:] {
		e, _ := expected(t, s, ahead, 0)
		if e.Memory != 0 || e.Seconds != 0 || e.TimeNote == "" {
			t.Errorf("%T: %+v", s, e)
		}
	}
}

// TestExpectedCheckpoint: whether training goes on from what is there.
func TestExpectedCheckpoint(t *testing.T) {
	l := prepareTable(t, trainable(), DefaultPrepareOptions())
	o := quick()
	o.CheckpointEvery, o.Profile = 0, l.Store() // a folder, which fails after training
	if _, err := run(&Train{Layout: l, Options: o, Shared: DefaultShared()}); err == nil {
		t.Fatal("a profile was written over a folder")
	}
	o.Profile = ""
	o.MaxEpochs *= 100
	train := &Train{Layout: l, Options: o, Shared: DefaultShared()}
	_, work := expected(t, train, pipeline.Ahead{train.Checkpoint(): nil}, 0) // --force
	if strings.Contains(work, "checkpoint") {
		t.Errorf("--force: %s", work)
	}
	if _, work = expected(t, train, pipeline.Ahead{}, 0); !strings.Contains(work, "goes on from the checkpoint "+l.Checkpoint()+", of epoch ") {
		t.Errorf("the same options: %s", work)
	}
	train.Options.NHidden = 9
	if _, work := expected(t, train, pipeline.Ahead{}, 0); !strings.Contains(work, "begins anew") || !strings.Contains(work, "n_hidden is 8 there, 9 is asked for") {
		t.Errorf("other options: %s", work)
	}
	x := trainable()
	x.rows[0][0]++
	other := prepareTable(t, x, DefaultPrepareOptions())
	train.Options, train.StorePath, train.PreparedPath = o, other.Store(), other.Prepared()
	_, err := expect(t, train, pipeline.Ahead{}, 0)
	wantError(t, err, pipeline.ExitBadInput, "is of other data than")
}

// TestTrainingSpeed: every model can be timed, whatever its shape.
func TestTrainingSpeed(t *testing.T) {
	for name, change := range map[string]func(*model.Config, *model.TrainOptions){
		"plain":    func(*model.Config, *model.TrainOptions) {},
		"inferred": func(c *model.Config, _ *model.TrainOptions) { c.UseObservedLibSize, c.NBatch = false, 3 },
		"covariate": func(c *model.Config, _ *model.TrainOptions) {
			c.NCatsPerCov, c.NContinuousCov, c.UseSizeFactor = []int{2, 3}, 1, true
		},
		"autozi": func(c *model.Config, _ *model.TrainOptions) { c.Model, c.GeneLikelihood = model.AutoZI, "zinb" },
		"stops": func(_ *model.Config, o *model.TrainOptions) {
			o.Stop.Enabled, o.Stop.Patience, o.MaxEpochs = true, 1, 1
		},
	} {
		cfg, opt := model.DefaultConfig(), model.DefaultTrain(1000)
		cfg.NInput, cfg.NHidden = 20, 8
		change(&cfg, &opt)
		x, err := trainingSpeed(context.Background(), cfg, opt, 7.5)
		if err != nil || !(x.train > 0) || !(x.validate > 0) || math.IsInf(x.train, 0) {
			t.Errorf("%s: %+v, %v", name, x, err)
		}
	}
}

// TestMadeUp: genes ascend and are the model's.
func TestMadeUp(t *testing.T) {
	cfg := model.DefaultConfig()
	cfg.NInput, cfg.NBatch = 1000, 3
	for _, perCell := range []float64{0, 1, 333.3, 999.6, 5000} {
		cells := madeUp(cfg, 300, perCell)
		check(t, cells.Check(cfg))
		for i := range cells.Len() {
			genes, _ := cells.Row(i)
			for k, g := range genes {
				if g < 0 || int(g) >= cfg.NInput || k > 0 && g <= genes[k-1] {
					t.Fatalf("%v a cell: cell %d has gene %d after %d", perCell, i, g, genes[max(k-1, 0)])
				}
			}
		}
	}
}
