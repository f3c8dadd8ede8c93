package model

import (
	"context"
	"math"
	"testing"
)

// TestProfileAddsUp: the parts of all threads are the threads' time in steps.
func TestProfileAddsUp(t *testing.T) {
	cells := sparseCells(2048, 500)
	cfg := DefaultConfig()
	cfg.NInput, cfg.NBatch = 500, 4
	for _, threads := range []int{1, 2} {
		v := New[float32](cfg)
		v.Initialize(0)
		opt := DefaultTrain(2048)
		opt.Threads = threads
		tr := NewTrainer(v, cells, all(cells)[:1900], all(cells)[1900:], opt)
		tr.Measure()
		for range 3 { // validation and what else is between steps does not count
			if _, err := tr.Epoch(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		p := tr.Profile()
		tr.Close()
		if p.Steps != 3*15 || p.Cells != 3*1900 || p.Threads != threads {
			t.Errorf("%d steps of %d cells on %d threads", p.Steps, p.Cells, p.Threads)
		}
		want := p.Wall.Seconds() * float64(threads)
		if got := p.Sum().Seconds(); math.Abs(got-want) > 0.05*want {
			t.Errorf("%d threads: parts of %.4g s in steps of %.4g s: %v", threads, got, want, p.Parts)
		}
		for part, d := range p.Parts {
			if d <= 0 && (Part(part) != Waiting || threads > 1) {
				t.Errorf("%s took no time", Part(part))
			}
		}
	}
}
