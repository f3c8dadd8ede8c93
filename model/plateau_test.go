package model

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"
)

// Learning rates that PyTorch 2's ReduceLROnPlateau(threshold_mode="abs") gave after each
// of these values.
func TestPlateauIsPyTorchs(t *testing.T) {
	values := []float64{10, 9, 9, 9.5, 9, 8.9, 8.95, 8.8, 8.8, 8.8, 8.8, 8.8, 8.8, 8.8, 8.8, 8.8, 1, 2, 3, 4}
	const a, b, c, d, e, f = 0.001, 0.0006, 0.00036, 0.000216, 0.0001296, 7.776e-05
	for _, x := range []struct {
		lr   float64
		p    Plateau
		want []float64
	}{
		{1e-3, Plateau{Factor: 0.6, Patience: 1}, []float64{a, a, a, b, b, b, b, b, b, c, c, d, d, e, e, f, f, f, 4.6656e-05, 4.6656e-05}},
		{1e-3, Plateau{Factor: 0.6, Patience: 2, Threshold: 0.15}, []float64{a, a, a, a, b, b, b, b, b, b, c, c, c, d, d, d, d, d, d, e}},
		{1e-3, Plateau{Factor: 0.1, Min: 2e-4}, slices.Concat([]float64{a, a}, slices.Repeat([]float64{2e-4}, 18))},
		{1e-7, Plateau{Factor: 0.95}, slices.Repeat([]float64{1e-7}, 20)}, // a fall below 1e-8 is none
	} {
		r := rate{LR: x.lr}
		for i, v := range values {
			if r.step(x.p, v); math.Abs(r.LR-x.want[i]) > 1e-12*x.want[i] {
				t.Errorf("%+v: after value %d the rate is %g, want %g", x.p, i, r.LR, x.want[i])
			}
		}
	}
	r := rate{LR: 1}
	for i, v := range []float64{1e300, math.Inf(1), 5, 6, 7, 8} {
		if r.step(Plateau{Factor: 0.5, Patience: 1}, v); r.LR != []float64{1, 1, 1, 1, 0.5, 0.5}[i] {
			t.Errorf("after %g the rate is %g", v, r.LR)
		}
	}
}

// The learning rate falls in training, the history has each epoch's own, and resuming
// changes nothing of it.
func TestTrainingLowersTheRate(t *testing.T) {
	cells := structured(203, 60)
	opt := testOptions(5, 1)
	opt.Plateau = Plateau{Enabled: true, Factor: 0.5, Patience: 1, Threshold: 1e6, Metric: "elbo_train"} // no fall is enough
	whole := newTestTrainer(cells, opt)
	defer whole.Close()
	runEpochs(t, whole)
	for i, want := range []float64{1e-3, 1e-3, 1e-3, 5e-4, 5e-4} {
		if got := whole.History[i].LR; got != want {
			t.Errorf("epoch %d was trained at %g, want %g", i, got, want)
		}
	}
	constant := newTestTrainer(cells, testOptions(5, 1))
	defer constant.Close()
	runEpochs(t, constant)
	if constant.History[2].Train != whole.History[2].Train || constant.History[4].Train == whole.History[4].Train {
		t.Error("the rate moves parameters too early, or not at all")
	}
	for _, after := range []int{9, 18, 20, 24} { // epochs have six steps
		if !reflect.DeepEqual(resumedAfter(t, cells, opt, after), whole.State()) {
			t.Errorf("stopped after step %d: resuming gave other bits", after)
		}
	}
}

// resumedAfter is the state at the end of a training that was stopped after a step and
// taken up by another Trainer.
func resumedAfter(t *testing.T, cells *Cells, opt TrainOptions, after int) State {
	t.Helper()
	first, stop := newTestTrainer(cells, opt), errors.New("stop")
	defer first.Close()
	first.AfterStep = func() error {
		if first.At().Step == after {
			return stop
		}
		return nil
	}
	for {
		if _, err := first.Epoch(t.Context()); err != nil {
			if !errors.Is(err, stop) {
				t.Fatal(err)
			}
			break
		}
	}
	second := newTestTrainer(cells, opt)
	defer second.Close()
	if err := second.Resume(first.State()); err != nil {
		t.Fatal(err)
	}
	runEpochs(t, second)
	return second.State()
}
