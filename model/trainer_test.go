package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// structured draws cells of three kinds in two batches from negative binomials,
// so that there is something to learn.
func structured(n, genes int) *Cells {
	rng := rand.New(rand.NewPCG(11, 12))
	c := NewCells(Width{Genes: genes}, n, Extent{})
	for i := range n {
		var at []int32
		var counts []float32
		for g := range genes {
			rate := 0.3
			if g%3 == i%3 {
				rate = 3
			}
			if x := math.Floor(rate * rng.ExpFloat64()); x > 0 {
				at, counts = append(at, int32(g)), append(counts, float32(x))
			}
		}
		c.Append(at, counts, Covariates{Batch: int32(i % 2)}, int64(i))
	}
	return c
}

// all is every row of cells.
func all(cells *Cells) []int {
	rows := make([]int, cells.Len())
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// rows32 is rows 0 … n−1 of a Source.
func rows32(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

func newTestTrainer(cells *Cells, opt TrainOptions) *Trainer {
	cfg := DefaultConfig()
	cfg.NInput, cfg.NBatch, cfg.NHidden = cells.Genes, 2, 32
	v := New[float32](cfg)
	v.Initialize(opt.Seed)
	n := cells.Len()
	rows := all(cells)
	return NewTrainer(v, cells, rows[:n*9/10], rows[n*9/10:], opt)
}

func testOptions(epochs, threads int) TrainOptions {
	opt := DefaultTrain(100)
	opt.MaxEpochs, opt.Threads, opt.BatchSize = epochs, threads, 32
	opt.KL.Epochs = 2
	return opt
}

func runEpochs(t *testing.T, tr *Trainer) {
	t.Helper()
	for !tr.Done() {
		if _, err := tr.Epoch(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTrainingLearns(t *testing.T) {
	tr := newTestTrainer(structured(300, 90), testOptions(30, 2))
	defer tr.Close()
	runEpochs(t, tr)
	first, last := tr.History[0].Validation.ELBO(), tr.History[29].Validation.ELBO()
	if !(last < 0.9*first) {
		t.Errorf("validation ELBO went from %g to %g: nothing was learned", first, last)
	}
}

// Same bits for any number of threads.
func TestThreadsSameBits(t *testing.T) {
	cells := structured(203, 700) // four blocks, a ragged last minibatch
	var want State
	for _, threads := range []int{1, 2, 4} {
		tr := newTestTrainer(cells, testOptions(3, threads))
		runEpochs(t, tr)
		got := tr.State()
		tr.Close()
		got.Meta.Options.Threads = 0
		if threads == 1 {
			want = got
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%d threads gave other bits than one", threads)
		}
	}
}

// Stopping after any step and going on from the State changes nothing.
func TestResumeSameBits(t *testing.T) {
	cells := structured(203, 60)
	whole := newTestTrainer(cells, testOptions(3, 1))
	defer whole.Close()
	runEpochs(t, whole)
	for _, after := range []int{1, 4, 6, 7, 11, 18} {
		tr := newTestTrainer(cells, testOptions(3, 2))
		stop := errors.New("stop")
		tr.AfterStep = func() error {
			if tr.At().Step == after {
				return stop
			}
			return nil
		}
		for {
			if _, err := tr.Epoch(context.Background()); err != nil {
				if !errors.Is(err, stop) {
					t.Fatal(err)
				}
				break
			}
		}
		state := tr.State()
		tr.Close()
		second := newTestTrainer(cells, testOptions(3, 1))
		if err := second.Resume(state); err != nil {
			t.Fatal(err)
		}
		runEpochs(t, second)
		if !reflect.DeepEqual(second.State(), whole.State()) {
			t.Errorf("stopped after step %d: resuming gave other bits", after)
		}
		second.Close()
	}
}

func TestResumeRefusesOtherOptions(t *testing.T) {
	cells := structured(60, 30)
	tr := newTestTrainer(cells, testOptions(1, 1))
	defer tr.Close()
	state := tr.State()
	state.Meta.Options.Adam.LR = 1
	if err := tr.Resume(state); err == nil {
		t.Error("a state of another learning rate was taken")
	}
}

func TestDivergenceIsSaid(t *testing.T) {
	opt := testOptions(5, 1)
	opt.Adam.LR = 1e30
	tr := newTestTrainer(structured(60, 30), opt)
	defer tr.Close()
	var err error
	for err == nil && !tr.Done() {
		_, err = tr.Epoch(context.Background())
	}
	if !errors.Is(err, ErrDiverged) {
		t.Errorf("got %v, want ErrDiverged", err)
	}
}

// A last step that breaks the parameters is no end of training, though the
// loss before it was finite.
func TestDivergenceInTheLastStepIsSaid(t *testing.T) {
	opt := testOptions(1, 1)
	opt.Adam.LR, opt.BatchSize = 1e30, 128
	tr := newTestTrainer(structured(100, 30), opt)
	defer tr.Close()
	if _, err := tr.Epoch(context.Background()); !errors.Is(err, ErrDiverged) {
		t.Errorf("got %v, want ErrDiverged", err)
	}
}

func TestResumeRefusesAStateBeyondTheEnd(t *testing.T) {
	cells := structured(60, 30)
	long := newTestTrainer(cells, testOptions(3, 1))
	defer long.Close()
	runEpochs(t, long)
	short := newTestTrainer(cells, testOptions(2, 1))
	defer short.Close()
	if err := short.Resume(long.State()); err == nil {
		t.Error("a state of three epochs was taken for a training of two")
	}
}

func TestCancelledTrainingStops(t *testing.T) {
	tr := newTestTrainer(structured(300, 60), testOptions(100, 2))
	defer tr.Close()
	ctx, cancel := context.WithCancel(context.Background())
	tr.AfterStep = func() error {
		if tr.At().Step == 3 {
			cancel()
		}
		return nil
	}
	if _, err := tr.Epoch(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// Values of scvi-tools' heuristic.
func TestHeuristicEpochs(t *testing.T) {
	for n, want := range map[int]int{100: 400, 20000: 400, 20025: 400, 50000: 160, 100000: 80, 1_000_000: 8, 32_000_000: 1} {
		if got := HeuristicEpochs(n); got != want {
			t.Errorf("%d cells: %d epochs, want %d", n, got, want)
		}
	}
}

func TestKLWarmup(t *testing.T) {
	k := KLWarmup{Epochs: 400, Max: 1}
	for _, c := range []struct {
		epoch int
		want  float64
	}{{0, 0}, {159, 0.3975}, {399, 0.9975}, {400, 1}} {
		if got := k.Weight(c.epoch, 1e6); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("epoch %d: weight %g, want %g", c.epoch, got, c.want)
		}
	}
	if got := (KLWarmup{Steps: 10, Min: .2, Max: .7}).Weight(50, 5); math.Abs(got-.45) > 1e-12 {
		t.Errorf("by steps: %g, want 0.45", got)
	}
	if got := (KLWarmup{Max: .5}).Weight(0, 0); got != .5 {
		t.Errorf("no warm-up: %g, want 0.5", got)
	}
}

func TestEarlyStopping(t *testing.T) {
	e := EarlyStopping{Enabled: true, Patience: 2, MinDelta: 1, Warmup: 1}
	s := stopper{}
	got := []bool{}
	for epoch, v := range []float64{1, 10, 8, 7.5, 6, 5.5, 5.2} {
		got = append(got, s.stop(e, epoch, v))
	}
	if fmt.Sprint(got) != "[false false false false false false true]" {
		t.Errorf("stopped at %v", got)
	}
}

func TestCutsOfAnEpoch(t *testing.T) {
	for n, want := range map[int]string{1: "[1]", 128: "[128]", 129: "[129]", 130: "[130]", 131: "[128 3]", 257: "[128 129]"} {
		sizes := []int{}
		p := newPool(nil, make([]int, n), TrainOptions{BatchSize: 128, MaxEpochs: 1})
		for b := range minibatches(n, 128) {
			_, rows, err := p.minibatch(t.Context(), serial{}, 0, b)
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, len(rows))
		}
		if fmt.Sprint(sizes) != want {
			t.Errorf("%d rows: %v, want %s", n, sizes, want)
		}
	}
}
