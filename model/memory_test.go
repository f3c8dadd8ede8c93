package model

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// live is the bytes of the heap that are in use.
func live() int64 {
	for range 3 { // a sync.Pool keeps what it has for two
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// fewCells is n cells of a model of cfg, one gene in ten nonzero.
func fewCells(n int, cfg Config) *Cells {
	c := NewCells(cfg.Width(), n, Extent{})
	for i := range n {
		var at []int32
		var counts []float32
		for g := i % 10; g < cfg.NInput; g += 10 {
			at, counts = append(at, int32(g)), append(counts, float32(1+g%3))
		}
		c.Append(at, counts, Covariates{Batch: int32(i % cfg.NBatch)}, int64(i))
	}
	return c
}

// The estimates of memory, by which work is refused before it begins, are no
// less than what the heap holds after work, and not much more.
func TestMemoryEstimates(t *testing.T) {
	for name, set := range map[string]func(c *Config){
		"nb":             func(c *Config) {},
		"many genes":     func(c *Config) { c.NInput = 20000 },
		"zinb gene-cell": func(c *Config) { c.GeneLikelihood, c.Dispersion, c.NLayers = "zinb", "gene-cell", 2 },
		"latent library": func(c *Config) { c.UseObservedLibSize, c.EncodeCovariates, c.UseLayerNorm = false, true, "both" },
		"many batches":   func(c *Config) { c.Dispersion, c.NBatch = "gene-batch", 300 },
		"embedded":       func(c *Config) { c.BatchRepresentation, c.NBatch = "embedding", 300 },
		"full":           func(c *Config) { c.Posterior, c.NLatent = Full, 60 },
		"flow":           func(c *Config) { c.Posterior, c.NLatent = Flow, 40 },
		"linear":         func(c *Config) { c.Model, c.GeneLikelihood, c.Bias = LinearSCVI, "zinb", true },
		"linear, many":   func(c *Config) { c.Model, c.NBatch = LinearSCVI, 300 },
		"autozi":         func(c *Config) { c.Model, c.GeneLikelihood = AutoZI, "zinb" },
		"autozi, many": func(c *Config) {
			c.Model, c.GeneLikelihood, c.ZeroInflation, c.NBatch = AutoZI, "zinb", "gene-batch", 100
		},
	} {
		for _, threads := range []int{1, 4} {
			cfg := DefaultConfig()
			cfg.NInput, cfg.NBatch = 2000, 2
			set(&cfg)
			t.Run(fmt.Sprint(name, " ", threads), func(t *testing.T) { estimateTraining(t, cfg, threads) })
			t.Run(fmt.Sprint(name, " generating ", threads), func(t *testing.T) { estimateGenerating(t, cfg, threads) })
		}
	}
}

func estimateTraining(t *testing.T, cfg Config, threads int) {
	cells := fewCells(128+evalBatch*threads, cfg)
	opt := DefaultTrain(200)
	opt.MaxEpochs, opt.Threads = 1, threads
	before := live()
	v := New[float32](cfg)
	v.Initialize(0)
	tr := NewTrainer(v, cells, all(cells)[:128], all(cells)[128:], opt)
	defer tr.Close()
	runEpochs(t, tr)
	// Its parameters read back from a State, three slabs, would come and go. Which
	// threads have evaluated, the scheduler decides.
	held(t, "training", live()-before, TrainBytes(cfg, opt)-3*parameterBytes(cfg), int64(threads-1)*(passBytes(cfg, evalBatch)+minibatchBytes(cfg, evalBatch)))
	runtime.KeepAlive(v)
	runtime.KeepAlive(cells)
}

func estimateGenerating(t *testing.T, cfg Config, threads int) {
	cells := fewCells(evalBatch*threads, cfg)
	before := live()
	v := New[float32](cfg)
	v.Initialize(0)
	e := NewEvaluator(v, threads)
	var meet sync.WaitGroup // each thread has one minibatch
	meet.Add(threads)
	var most atomic.Int64
	err := e.Generate(context.Background(), cells, rows32(cells.Len()), Generation{Batch: -1, Counts: true}, func(*Generated) error {
		meet.Done()
		meet.Wait()
		most.CompareAndSwap(0, live())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	held(t, "generating", most.Load()-before, EvalBytes(cfg, threads)+GenerateBytes(cfg, threads), 0)
	runtime.KeepAlive(e)
	runtime.KeepAlive(cells)
}

// held holds memory to an estimate, of which less may be in use by so much.
func held(t *testing.T, what string, got, estimate, less int64) {
	t.Helper()
	t.Logf("%s holds %.1f MB, estimated %.1f MB", what, float64(got)/1e6, float64(estimate)/1e6)
	if got > estimate || estimate-less > 2*got+8e6 {
		t.Errorf("%s holds %d bytes, the estimate is %d", what, got, estimate)
	}
}
