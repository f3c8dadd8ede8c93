package model

import (
	"context"
	"fmt"
	"runtime"
	"testing"
)

// live is the bytes of the heap that are in use.
func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// fewCells is n cells of so many genes, one in ten nonzero.
func fewCells(n, genes int) *Cells {
	c := NewCells(Width{Genes: genes}, n, Extent{})
	for i := range n {
		var at []int32
		var counts []float32
		for g := i % 10; g < genes; g += 10 {
			at, counts = append(at, int32(g)), append(counts, float32(1+g%3))
		}
		c.Append(at, counts, Covariates{}, int64(i))
	}
	return c
}

// The estimates of memory, by which work is refused before it begins, are no
// less than what the heap holds after work, and not much more.
func TestMemoryEstimates(t *testing.T) {
	for _, c := range []struct{ genes, threads int }{{2000, 1}, {2000, 4}, {20000, 2}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			cells := fewCells(128+evalBatch*c.threads, c.genes)
			cfg := DefaultConfig()
			cfg.NInput, cfg.NBatch = c.genes, 2
			opt := DefaultTrain(200)
			opt.MaxEpochs, opt.Threads = 1, c.threads
			before := live()
			v := New[float32](cfg)
			v.Initialize(0)
			tr := NewTrainer(v, cells, all(cells)[:128], all(cells)[128:], opt)
			defer tr.Close()
			runEpochs(t, tr)
			// Its parameters read back from a State, three slabs, would come and go.
			held(t, "training", live()-before, TrainBytes(cfg, opt)-3*parameterBytes(cfg))
			runtime.KeepAlive(v)
		})
		t.Run(fmt.Sprint("evaluating ", c), func(t *testing.T) {
			cells := fewCells(evalBatch*c.threads, c.genes)
			cfg := DefaultConfig()
			cfg.NInput = c.genes
			before := live()
			v := New[float32](cfg)
			v.Initialize(0)
			e := NewEvaluator(v, c.threads)
			err := e.Generate(context.Background(), cells, rows32(cells.Len()), Generation{Batch: -1}, func(*Generated) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			held(t, "evaluating", live()-before, EvalBytes(cfg, c.threads)+GenerateBytes(cfg, c.threads))
			runtime.KeepAlive(e)
		})
	}
}

func held(t *testing.T, what string, got, estimate int64) {
	t.Helper()
	t.Logf("%s holds %.1f MB, estimated %.1f MB", what, float64(got)/1e6, float64(estimate)/1e6)
	if got > estimate || estimate > 2*got+8e6 {
		t.Errorf("%s holds %d bytes, the estimate is %d", what, got, estimate)
	}
}
