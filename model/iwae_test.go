package model

import (
	"context"
	"math"
	"slices"
	"testing"
)

// weightable are the variants that have the importance-weighted objective.
func weightable() map[string]func(c *Config) {
	return trainable(Objective{IWAE: 2})
}

// trainable are the variants that an objective does not refuse.
func trainable(o Objective) map[string]func(c *Config) {
	of := map[string]func(c *Config){}
	for name, set := range variants {
		if o.validate(small(set)) == nil {
			of[name] = set
		}
	}
	return of
}

// TestIWAEGradient holds the gradient of the bound, every parameter of every variant, to
// central differences in float64, noise and dropout masks frozen.
func TestIWAEGradient(t *testing.T) {
	for name, set := range weightable() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := New[float64](small(set))
			v.Initialize(3)
			checkIWAE(t, v, redrawn(v, 9, 2))
		})
	}
}

// redrawn is a minibatch with so much more noise.
func redrawn(v *VAE[float64], cells, more int) *Minibatch[float64] {
	c, m := randomCells(cells, v.Config), &Minibatch[float64]{}
	d := v.draws(5, 1, 2)
	d.more = more
	m.fill(c, all(c), v.frame)
	m.draw(c, all(c), d)
	return m
}

func checkIWAE(t *testing.T, v *VAE[float64], m *Minibatch[float64]) {
	const weight, h = 0.7, 1e-5
	s := newIWAE(newPass(v, serial{}), 3)
	loss := func() float64 { s.forward(m, weight); return s.loss(weight) }
	loss()
	s.backward(weight, func(lo, hi int) {}, nothing)
	grad := slices.Clone(v.grad)
	for _, q := range v.params {
		scale := 0.0
		for _, g := range grad[q.lo:q.hi] {
			scale = math.Max(scale, math.Abs(g))
		}
		for i := q.lo; i < q.hi; i += max(1, (q.hi-q.lo)/8) {
			old := v.value[i]
			at := func(x float64) float64 { v.value[i] = x; return loss() }
			want := (at(old+h) - at(old-h)) / (2 * h)
			v.value[i] = old
			if math.Abs(grad[i]-want) > 1e-5*math.Abs(want)+1e-6*scale+1e-6+1e-15*math.Abs(loss())/h { // the last part is the rounding of the loss
				t.Errorf("%s[%d]: gradient %.9g, finite difference %.9g", q.name, i-q.lo, grad[i], want)
			}
		}
	}
}

// The bound is what Evidence makes of the same draws, and with equal draws it is the
// objective of one.
func TestIWAEBound(t *testing.T) {
	v := New[float64](small(variants["latent library"]))
	v.Initialize(2)
	m := redrawn(v, 9, 4)
	s := newIWAE(newPass(v, serial{}), 5)
	s.forward(m, 1)
	for i, bound := range s.cellBounds() {
		e := Evidence{}
		for k := range 5 {
			r := k*m.B + i
			e.Add(&Generated{N: 1, Sample: k, Rec: s.wide.Rec[r : r+1], LogRatio: []float64{s.logRatio(r, 1)}})
		}
		if want := e.LogLikelihood(0); math.Abs(bound-want) > 1e-9*math.Abs(want) {
			t.Errorf("cell %d: bound %g, by Evidence %g", i, bound, want)
		}
	}
}

// Training by the bound has the same bits for any number of threads and however often it
// is stopped, and climbs it.
func TestIWAETrains(t *testing.T) {
	for name, set := range map[string]func(c *Config){"zinb": variants["gene-label zinb"], "latent library": variants["latent library, embedded"], "linear": variants["linear"]} {
		cfg := small(set)
		cfg.NInput = 300
		opt := quickly(4, Objective{IWAE: 3})
		cells := randomCells(200, cfg)
		one, history := trainObjective(t, cfg, cells, opt, 1, false)
		three, _ := trainObjective(t, cfg, cells, opt, 3, true)
		for i, x := range one.Tensors() {
			if !slices.Equal(x.Data, three.Tensors()[i].Data) {
				t.Errorf("%s: %s differs between 1 thread and 3 with stops", name, x.Name)
			}
		}
		first, last := history[0].Train, history[len(history)-1].Train
		if !(last.Loss < first.Loss) || !(last.Loss <= last.ELBO()) {
			t.Errorf("%s: the bound's loss went from %g to %g, the ELBO's is %g", name, first.Loss, last.Loss, last.ELBO())
		}
	}
}

func quickly(epochs int, o Objective) TrainOptions {
	opt := DefaultTrain(200)
	opt.MaxEpochs, opt.BatchSize, opt.KL.Epochs, opt.Objective = epochs, 48, 2, o
	return opt
}

// trainObjective trains on 170 cells, with stops after every third step and a new Trainer
// then.
func trainObjective(t *testing.T, cfg Config, cells *Cells, opt TrainOptions, threads int, stops bool) (*VAE[float32], []EpochStats) {
	t.Helper()
	opt.Threads = threads
	rows := all(cells)
	v := New[float32](cfg)
	v.Initialize(4)
	tr := NewTrainer(v, cells, rows[:170], rows[170:], opt)
	for !tr.Done() {
		ctx, cancel := context.WithCancel(t.Context())
		steps := 0
		tr.AfterStep = func() error {
			if steps++; stops && steps == 3 {
				cancel()
			}
			return nil
		}
		_, err := tr.Epoch(ctx)
		cancel()
		if err == nil {
			continue
		}
		if !stops {
			t.Fatal(err)
		}
		state := tr.State()
		tr.Close()
		v = New[float32](cfg)
		tr = NewTrainer(v, cells, rows[:170], rows[170:], opt)
		if err := tr.Resume(state); err != nil {
			t.Fatal(err)
		}
	}
	defer tr.Close()
	return v, tr.History
}

func TestIWAERefusesAutoZI(t *testing.T) {
	cfg := small(variants["autozi"])
	opt := quickly(1, Objective{IWAE: 2})
	if err := opt.Validate(cfg); err == nil {
		t.Error("AUTOZI is taken")
	}
}
