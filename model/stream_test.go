package model

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

// newStreamTest is newTestTrainer over windows.
func newStreamTest(source Source, cells *Cells, window int, opt TrainOptions) *Trainer {
	cfg := DefaultConfig()
	cfg.NInput, cfg.NBatch, cfg.NHidden = cells.Genes, 2, 32
	v := New[float32](cfg)
	v.Initialize(opt.Seed)
	rows := rows32(cells.Len())
	cut := len(rows) * 9 / 10
	data := datasetOf(cells, rows[:cut], rows[cut:])
	data.Source = source
	return NewStreamTrainer(v, data, window, opt)
}

func finalState(t *testing.T, tr *Trainer) State {
	t.Helper()
	defer tr.Close()
	runEpochs(t, tr)
	s := tr.State()
	s.Meta.Options.Threads = 0
	return s
}

// Streamed training gives the same bits again, for any number of threads, and
// other ones with another window.
func TestStreamedSameBits(t *testing.T) {
	cells := structured(500, 300)
	want := finalState(t, newStreamTest(cells, cells, 128, testOptions(3, 1)))
	for _, threads := range []int{1, 2, 4} {
		if got := finalState(t, newStreamTest(cells, cells, 128, testOptions(3, threads))); !reflect.DeepEqual(got, want) {
			t.Errorf("%d threads gave other bits", threads)
		}
	}
	if got := finalState(t, newStreamTest(cells, cells, 160, testOptions(3, 1))); reflect.DeepEqual(got.Tensors, want.Tensors) {
		t.Error("another window gave the same bits: the test sees nothing")
	}
}

// Stopping after any step, within a window or at its end, and going on from the
// State changes nothing.
func TestStreamedResumeSameBits(t *testing.T) {
	cells := structured(500, 40) // 450 to train on: 14 minibatches, 4 in a window
	want := finalState(t, newStreamTest(cells, cells, 128, testOptions(3, 1)))
	for _, after := range []int{1, 3, 4, 5, 13, 14, 15, 18, 30, 42} {
		stop := errors.New("stop")
		tr := newStreamTest(cells, cells, 128, testOptions(3, 2))
		tr.AfterStep = func() error {
			if tr.At().Step == after {
				return stop
			}
			return nil
		}
		var err error
		for err == nil {
			_, err = tr.Epoch(context.Background())
		}
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		state := tr.State()
		tr.Close()
		second := newStreamTest(cells, cells, 128, testOptions(3, 1))
		if err := second.Resume(state); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(finalState(t, second), want) {
			t.Errorf("stopped after step %d: resuming gave other bits", after)
		}
	}
}

func TestResumeRefusesAnotherWindow(t *testing.T) {
	cells := structured(500, 40)
	state := finalState(t, newStreamTest(cells, cells, 128, testOptions(1, 1)))
	for _, window := range []int{160, 0} {
		tr := newStreamTest(cells, cells, 160, testOptions(1, 1))
		if window == 0 {
			tr = newTestTrainer(cells, testOptions(1, 1))
		}
		if err := tr.Resume(state); err == nil || !strings.Contains(err.Error(), "window") {
			t.Errorf("window %d: a state of windows of 128 cells was taken (%v)", window, err)
		}
		tr.Close()
	}
}

// Streamed training learns as well as training in memory: the held-out ELBO lies
// within what another seed changes.
func TestStreamedLearnsAsWell(t *testing.T) {
	cells := structured(2000, 60)
	elbo := func(tr *Trainer) float64 {
		defer tr.Close()
		runEpochs(t, tr)
		return tr.History[len(tr.History)-1].Validation.ELBO()
	}
	memory, streamed := []float64{}, []float64{}
	for seed := range uint64(4) {
		opt := testOptions(10, 1)
		opt.Seed = seed
		memory = append(memory, elbo(newTestTrainer(cells, opt)))
		streamed = append(streamed, elbo(newStreamTest(cells, cells, 512, opt)))
	}
	mean := func(x []float64) (m, sd float64) {
		for _, v := range x {
			m += v / float64(len(x))
		}
		for _, v := range x {
			sd += (v - m) * (v - m) / float64(len(x)-1)
		}
		return m, math.Sqrt(sd)
	}
	a, sa := mean(memory)
	b, sb := mean(streamed)
	t.Logf("held-out ELBO in memory %.3f ± %.3f, streamed %.3f ± %.3f", a, sa, b, sb)
	// Twice the standard deviation of the difference of two means of four; and
	// what is not seen in three digits is no difference.
	if math.Abs(a-b) > max(2*math.Sqrt((sa*sa+sb*sb)/4), 1e-3*a) {
		t.Errorf("held-out ELBO in memory %.3f ± %.3f, streamed %.3f ± %.3f", a, sa, b, sb)
	}
}

// failing is a Source that does something else from the nth read on.
type failing struct {
	*Cells
	at int64 // the item of the first row that cannot be read
	do func() error
}

func (f failing) Read(rows []int32, into *Cells) error {
	for _, r := range rows {
		if f.Item[r] == f.at {
			return f.do()
		}
	}
	return f.Cells.Read(rows, into)
}

// An error or a panic in the loading ends training with it.
func TestStreamedReadErrorEndsTraining(t *testing.T) {
	cells := structured(500, 40)
	broken := errors.New("broken disk")
	for _, item := range []int64{0, 200, 449, 460} { // the last is a validation cell
		tr := newStreamTest(failing{cells, item, func() error { return broken }}, cells, 128, testOptions(3, 2))
		if _, err := tr.Epoch(context.Background()); !errors.Is(err, broken) {
			t.Errorf("cell %d: got %v", item, err)
		}
		tr.Close()
		tr = newStreamTest(failing{cells, item, func() error { panic("a bug") }}, cells, 128, testOptions(3, 2))
		func() {
			defer func() {
				if v := recover(); v != "a bug" {
					t.Errorf("cell %d: recovered %v", item, v)
				}
			}()
			_, _ = tr.Epoch(context.Background())
		}()
		tr.Close()
	}
}

// A Source whose cells are not of the size announced is not believed.
func TestStreamedOtherCellsAreRefused(t *testing.T) {
	cells := structured(500, 40)
	tr := newStreamTest(other{cells}, cells, 128, testOptions(1, 1))
	defer tr.Close()
	if _, err := tr.Epoch(context.Background()); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Errorf("got %v", err)
	}
}

// other gives the next row's cell.
type other struct{ *Cells }

func (o other) Read(rows []int32, into *Cells) error {
	for _, r := range rows {
		if err := o.Cells.Read([]int32{r + 1}, into); err != nil {
			return err
		}
	}
	return nil
}
