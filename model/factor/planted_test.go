package factor

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// dense is a table in memory, as a Source of what is not zero.
type dense struct {
	n, g int
	y    []float64 // (n, g)
}

func (d *dense) Read(rows []int32, into *Rows) error {
	into.Item, into.Ptr, into.Genes, into.Y = into.Item[:0], append(into.Ptr[:0], 0), into.Genes[:0], into.Y[:0]
	for _, r := range rows {
		for j, y := range d.y[int(r)*d.g : (int(r)+1)*d.g] {
			if y != 0 {
				into.Genes, into.Y = append(into.Genes, int32(j)), append(into.Y, y)
			}
		}
		into.Item, into.Ptr = append(into.Item, int64(r)+100), append(into.Ptr, int32(len(into.Genes)))
	}
	return nil
}

// planted draws a table from the model: its entries, and their expectations. Some
// entries are made zero, so that there is something to keep implicit.
func planted(n, g, k int, noise, zeros float64) (d *dense, truth []float64) {
	rng := rand.New(rand.NewPCG(3, uint64(n*g*k)))
	normal := func(m int, sd float64) []float64 {
		x := make([]float64, m)
		for i := range x {
			x[i] = sd * rng.NormFloat64()
		}
		return x
	}
	a, cells, b, loadings := normal(n, 0.3), normal(n*k, 1), normal(g, 0.5), normal(g*k, 0.6)
	d = &dense{n: n, g: g, y: make([]float64, n*g)}
	truth = make([]float64, n*g)
	for i := range n {
		for j := range g {
			mean := 1.5 + a[i] + b[j]
			for f := range k {
				mean += cells[i*k+f] * loadings[j*k+f] / float64(1+f)
			}
			truth[i*g+j] = mean
			d.y[i*g+j] = mean + noise*(0.5+float64(j%3)/2)*rng.NormFloat64()
			if rng.Float64() < zeros {
				d.y[i*g+j] = 0
			}
		}
	}
	return d, truth
}

// started is a fit of the table that has begun.
func started(t testing.TB, d *dense, o Options) *Fit {
	t.Helper()
	if o.Threads == 0 {
		o.Threads = 2
	}
	if o.Delay == 0 {
		o.Delay, o.Forget = 1, 0.7
	}
	f := New(d, d.n, d.g, o)
	if err := f.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	return f
}

// ascend does coordinate ascent to the end: the ELBO of every sweep.
func ascend(t testing.TB, f *Fit, sweeps int) (elbo []float64) {
	t.Helper()
	for range sweeps {
		e, err := f.Sweep(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		elbo = append(elbo, e)
	}
	return elbo
}

func TestMonotone(t *testing.T) {
	for name, o := range map[string]Options{
		"whole":     {Factors: 3},
		"one noise": {Factors: 3, OneNoise: true},
		"held out":  {Factors: 4, HoldOut: 0.1},
		"too many":  {Factors: 8},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := planted(300, 40, 3, 0.5, 0.3)
			elbo := ascend(t, started(t, d, o), 40)
			for i := 1; i < len(elbo); i++ {
				if elbo[i] < elbo[i-1]-1e-9*math.Abs(elbo[i-1]) {
					t.Errorf("sweep %d: the ELBO falls from %v to %v", i, elbo[i-1], elbo[i])
				}
			}
		})
	}
}

// TestRecovers: predictions of entries that were held out are nearer the truth than a
// fifth of the noise, and intervals cover what they say.
func TestRecovers(t *testing.T) {
	d, truth := planted(800, 80, 3, 0.5, 0)
	f := started(t, d, Options{Factors: 5, HoldOut: 0.1, Seed: 5})
	ascend(t, f, 60)
	f.Ready()
	var p Posterior
	h, off := f.NewHeldOut(), 0.0
	entry := func(e Entry) {
		if want := d.y[int(e.Cell)*d.g+int(e.Gene)]; e.Y != want {
			t.Fatalf("the entry is %v, not %v", e.Y, want)
		}
		x := e.Mean - truth[int(e.Cell)*d.g+int(e.Gene)]
		off += x * x
	}
	if err := f.Posterior(context.Background(), 0, d.n, &p, h, entry); err != nil {
		t.Fatal(err)
	}
	s := h.Summary()
	if rmse := math.Sqrt(off / float64(s.Entries)); rmse > 0.11 {
		t.Errorf("predictions are off the truth by %.3f", rmse)
	}
	for k, l := range levels {
		if math.Abs(s.Coverage[k]-l[0]) > 0.02 {
			t.Errorf("%v%% intervals cover %.3f", 100*l[0], s.Coverage[k])
		}
	}
	if s.Stretch < 0.9 || s.Stretch > 1.1 || math.Abs(s.CoverageStretch-0.9) > 0.02 || s.R2 < 0.6 {
		t.Errorf("%+v", s)
	}
	if l := f.Priors().Loadings; l[3] > 0.02*l[2] { // of three planted factors, five were asked for
		t.Errorf("variances of the loadings %v: factors that nothing needs stay", l)
	}
}

// TestAgree: both ways to fit come to the same ELBO.
func TestAgree(t *testing.T) {
	d, _ := planted(800, 80, 3, 0.5, 0.3)
	elbo := ascend(t, started(t, d, Options{Factors: 4, HoldOut: 0.02}), 100)
	s := started(t, d, Options{Factors: 4, HoldOut: 0.02, Minibatch: 100})
	for epoch := range 15 {
		if err := s.Epoch(context.Background(), epoch, 0, func(int, float64) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Bound(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if want := elbo[len(elbo)-1]; math.Abs(got-want) > 0.002*math.Abs(want) {
		t.Errorf("minibatches come to %v, coordinate ascent to %v", got, want)
	}
}

// TestUnbiased: over an epoch, minibatches' statistics times n/|B| average to those of
// all cells.
func TestUnbiased(t *testing.T) {
	d, _ := planted(400, 30, 2, 0.5, 0.3)
	f := started(t, d, Options{Factors: 2, HoldOut: 0.05, Minibatch: 80})
	f.shareLocal()
	ctx, m := context.Background(), f.s.m
	whole, mean := newStatistics(d.g, m, true), newStatistics(d.g, m, true)
	if err := f.gather(ctx, ascending(d.n), whole); err != nil {
		t.Fatal(err)
	}
	rows := f.order(3)
	for b := range 5 {
		if err := f.gather(ctx, slices.Sorted(slices.Values(rows[b*80:(b+1)*80])), f.part); err != nil {
			t.Fatal(err)
		}
		mean.blend(f.part, 1/float64(b+1), 5, 1)
	}
	for k, p := range mean.parts() {
		for i := range p {
			close2(t, "statistic", p[i], whole.parts()[k][i], 1e-9)
		}
	}
	close2(t, "cells", mean.Cells, 400, 1e-12)
}

// numbersOf is all that a fit knows.
func numbersOf(f *Fit) (all []float64) {
	for _, n := range f.model() {
		all = append(all, n.Data...)
	}
	return append(all, f.priors.Cell, f.priors.Gene, f.priors.Mu)
}

func wantSame(t *testing.T, what string, got, want *Fit) {
	t.Helper()
	a, b := numbersOf(got), numbersOf(want)
	for i := range b {
		if a[i] != b[i] {
			t.Fatalf("%s: number %d is %v, want %v", what, i, a[i], b[i])
		}
	}
}

// TestStepIsSweep: a step of length 1 over all cells is a sweep of coordinate ascent.
func TestStepIsSweep(t *testing.T) {
	d, _ := planted(200, 30, 2, 0.5, 0.3)
	sweep, step := started(t, d, Options{Factors: 2, HoldOut: 0.1}), started(t, d, Options{Factors: 2, HoldOut: 0.1, Minibatch: 200})
	if step.o.Minibatches(step.n) != 1 || step.o.rho(0) != 1 {
		t.Fatalf("%d minibatches, the first step has length %v", step.o.Minibatches(step.n), step.o.rho(0))
	}
	ascend(t, sweep, 1)
	if err := step.Epoch(context.Background(), 0, 0, func(int, float64) error { return nil }); err != nil {
		t.Fatal(err)
	}
	wantSame(t, "a step", step, sweep)
}

// TestThreads: any number gives the same bits, by either way.
func TestThreads(t *testing.T) {
	d, _ := planted(700, 90, 2, 0.5, 0.3)
	for _, o := range []Options{{Factors: 3, HoldOut: 0.05}, {Factors: 3, Minibatch: 300}} {
		var fits []*Fit
		for _, threads := range []int{1, 2, 5} {
			o.Threads = threads
			f := started(t, d, o)
			if o.Minibatch == 0 {
				ascend(t, f, 3)
			} else if err := f.Epoch(context.Background(), 0, 0, func(int, float64) error { return nil }); err != nil {
				t.Fatal(err)
			}
			fits = append(fits, f)
		}
		wantSame(t, "2 threads", fits[1], fits[0])
		wantSame(t, "5 threads", fits[2], fits[0])
	}
}

// TestResume: a fit that goes on from a state, in the middle of an epoch, comes to the
// same bits; one of another shape is refused.
func TestResume(t *testing.T) {
	d, _ := planted(300, 30, 2, 0.5, 0.3)
	ctx, o := context.Background(), Options{Factors: 2, HoldOut: 0.05, Minibatch: 60, Threads: 2, Delay: 1, Forget: 0.7}
	first, second, stop := started(t, d, o), New(d, d.n, d.g, o), errors.New("stop")
	goOn := func(int, float64) error { return nil }
	if err := first.Epoch(ctx, 0, 0, func(b int, _ float64) error {
		if b == 2 {
			return stop
		}
		return nil
	}); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if err := second.Resume(first.State()); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*Fit{first, second} {
		for epoch, from := range []int{3, 0} {
			if err := f.Epoch(ctx, epoch, from, goOn); err != nil {
				t.Fatal(err)
			}
		}
	}
	wantSame(t, "resumed", second, first)
	o.Factors = 3
	if err := New(d, d.n, d.g, o).Resume(first.State()); err == nil {
		t.Error("a state of two factors is taken for three")
	}
}

// TestRefuses: entries that are all the same, a source that fails, a stop.
func TestRefuses(t *testing.T) {
	same := &dense{n: 10, g: 5, y: make([]float64, 50)}
	o := Options{Factors: 2, Threads: 2}
	if err := New(same, 10, 5, o).Start(context.Background()); !errors.Is(err, ErrNothing) {
		t.Errorf("of zeros: %v", err)
	}
	d, _ := planted(200, 20, 2, 0.5, 0.3)
	f := started(t, d, o)
	ascend(t, f, 2)
	before := numbersOf(f)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := f.Sweep(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	if !slices.Equal(before, numbersOf(f)) {
		t.Error("a sweep that was stopped changed the fit")
	}
	d.y[7] = math.NaN()
	if _, err := f.Sweep(context.Background()); !errors.Is(err, ErrNotFinite) {
		t.Errorf("of no number: %v", err)
	}
}
