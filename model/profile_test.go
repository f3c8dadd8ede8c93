package model

import (
	"context"
	"math"
	"testing"
)

// TestProfileAddsUp: the parts of all threads are the threads' time in steps. A
// thread that the system sets aside between two laps loses that time: one run of
// five without that is enough.
func TestProfileAddsUp(t *testing.T) {
	for _, threads := range []int{1, 2} {
		off := 0.0
		for range 5 {
			p := profiled(t, threads)
			want := p.Wall.Seconds() * float64(threads)
			if off = p.Sum().Seconds()/want - 1; math.Abs(off) <= 0.05 {
				break
			}
		}
		if math.Abs(off) > 0.05 {
			t.Errorf("%d threads: parts are off the steps' time by %.1f%%", threads, 100*off)
		}
	}
}

// profiled trains three epochs, validation and what else is between steps apart.
func profiled(t *testing.T, threads int) Profile {
	t.Helper()
	cells := sparseCells(2048, 500)
	cfg := DefaultConfig()
	cfg.NInput, cfg.NBatch = 500, 4
	v := New[float32](cfg)
	v.Initialize(0)
	opt := DefaultTrain(2048)
	opt.Threads = threads
	tr := NewTrainer(v, cells, all(cells)[:1900], all(cells)[1900:], opt)
	defer tr.Close()
	tr.Measure()
	for range 3 {
		if _, err := tr.Epoch(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	p := tr.Profile()
	if p.Steps != 3*15 || p.Cells != 3*1900 || p.Threads != threads {
		t.Errorf("%d steps of %d cells on %d threads", p.Steps, p.Cells, p.Threads)
	}
	for part, d := range p.Parts {
		if d <= 0 && (Part(part) != Waiting || threads > 1) {
			t.Errorf("%s took no time", Part(part))
		}
	}
	return p
}
