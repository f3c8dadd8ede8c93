package model

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cellvi/model/kernel"
)

// Every part of the gradient is told to be final exactly once: an optimizer steps
// everywhere, and nowhere twice.
func TestGradientIsCompletedOnce(t *testing.T) {
	for name, set := range variants {
		cfg := small(set)
		cfg.NInput = 300
		v := New[float32](cfg)
		v.Initialize(1)
		p := newPass(v, serial{})
		p.forward(randomMinibatch(v, randomCells(9, cfg)), true)
		times := make([]int, len(v.value))
		p.backward(1, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				times[i]++
			}
		}, nothing)
		for _, q := range v.params {
			if slices.ContainsFunc(times[q.lo:q.hi], func(n int) bool { return n != 1 }) {
				t.Errorf("%s: %s is completed %d … %d times", name, q.name, slices.Min(times[q.lo:q.hi]), slices.Max(times[q.lo:q.hi]))
			}
		}
	}
}

// edges are sizes at which something is cut otherwise: the fewest genes, a gene that is
// left over, no level but one, and more batches than a minibatch has cells.
var edges = map[string]func(c *Config){
	"two genes": func(c *Config) { c.NInput = 2 },
	"257 genes": func(c *Config) { c.NInput = 257 },
	"one level": func(c *Config) {
		c.NBatch, c.NLabels, c.NCatsPerCov = 1, 1, slices.Repeat([]int{1}, len(c.NCatsPerCov))
	},
	"many batches": func(c *Config) { c.NBatch, c.NInput = 150, 40 },
}

// At every edge every variant trains, with a minibatch of 3 cells, to the same bits for
// any number of threads and when it is stopped and resumed on the way.
func TestVariantsAtEdges(t *testing.T) {
	for edge, cut := range edges {
		for name, set := range variants {
			t.Run(edge+"/"+name, func(t *testing.T) {
				cfg := small(set)
				cut(&cfg)
				cells := randomCells(150, cfg)
				want := trainStopped(t, cfg, cells, 1, 0)
				for _, after := range []int{1, 5} {
					if got := trainStopped(t, cfg, cells, 3, after); !reflect.DeepEqual(got, want) {
						t.Errorf("3 threads, stopped after step %d: other bits than one thread's that goes through", after)
					}
				}
			})
		}
	}
}

// trainStopped trains two epochs of minibatches of 33, 33, 33 and 3 cells, stopped and
// resumed after a step, and gives the state at the end.
func trainStopped(t *testing.T, cfg Config, cells *Cells, threads, after int) State {
	t.Helper()
	opt := testOptions(2, threads)
	opt.BatchSize = 33
	begin := func() *Trainer {
		v := New[float32](cfg)
		v.Initialize(4)
		rows := all(cells)
		tr := NewTrainer(v, cells, rows[:102], rows[102:], opt)
		t.Cleanup(tr.Close)
		return tr
	}
	tr, stop := begin(), errors.New("stop")
	tr.AfterStep = func() error {
		if tr.At().Step == after {
			return stop
		}
		return nil
	}
	for !tr.Done() {
		if _, err := tr.Epoch(t.Context()); errors.Is(err, stop) {
			state := tr.State()
			if tr = begin(); tr.Resume(state) != nil {
				t.Fatal("the state is not taken")
			}
		} else if err != nil {
			t.Fatal(err)
		}
	}
	s := tr.State()
	s.Meta.Options.Threads = 0
	return s
}

// A cell's numbers have the same bits beside cells of its own batch and beside those of
// others: the likelihood goes other ways for one, for a few and for many batches.
func TestBatchesBesideACell(t *testing.T) {
	for name, set := range variants {
		t.Run(name, func(t *testing.T) {
			cfg := small(set)
			cfg.NBatch, cfg.NInput = 20, 300
			v := New[float32](cfg)
			v.Initialize(4)
			cells := randomCells(3*evalBatch, cfg)
			mixed := generateVariant(t, v, cells, 1, -1)
			for batch := range 2 {
				for _, others := range []int{1, 3} { // batches, of which that one
					alone, rows := NewCells(cells.Width, 0, Extent{}), []int{}
					for i, b := range cells.Batch {
						if int(b) >= batch && int(b) < batch+others {
							rows = append(rows, i)
							if err := cells.Read([]int32{int32(i)}, alone); err != nil {
								t.Fatal(err)
							}
						}
					}
					for i, numbers := range generateVariant(t, v, alone, 2, -1) {
						if !slices.Equal(numbers, mixed[rows[i]]) {
							t.Fatalf("cell %d has other numbers beside %d batches than beside 20", rows[i], others)
						}
					}
				}
			}
		})
	}
}

// What a draw is decoded as can be each cell's own batch again, after another.
func TestGenerateOwnBatchAgain(t *testing.T) {
	cfg := small(func(c *Config) { c.Dispersion, c.GeneLikelihood = "gene-batch", "zinb" })
	v := New[float32](cfg)
	v.Initialize(4)
	cells := randomCells(20, cfg)
	var got [][]float32
	g := Generation{Batches: []int{-1, 1, -1}}
	if err := NewEvaluator(v, 1).Generate(t.Context(), cells, rows32(20), g, func(x *Generated) error {
		got = append(got, append(slices.Clone(x.Scale), x.Theta...))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got[0], got[2]) || slices.Equal(got[0], got[1]) {
		t.Error("the third time is not as the first, or the second is")
	}
}

// Half precision does all outputs: with zero inflation and an output for r, training
// comes near float32's.
func TestBFloat16Outputs(t *testing.T) {
	if _, ok := kernel.NewHalf(); !ok {
		t.Skip("this processor has no bfloat16 instructions")
	}
	for name, set := range map[string]func(c *Config){"zinb gene-cell": variants["gene-cell zinb"], "autozi": variants["autozi, gene-cell"], "size factor": variants["size factor zinb"]} {
		t.Run(name, func(t *testing.T) {
			cfg := small(set)
			cfg.NInput, cfg.NHidden = 301, 32
			var grad [2][]Tensor
			for i := range grad {
				v := New[float32](cfg)
				v.Initialize(1)
				if i == 1 {
					v.useHalf()
				}
				p := newPass(v, serial{})
				p.forward(randomMinibatch(v, randomCells(45, cfg)), true)
				p.backward(1, func(lo, hi int) {}, nothing)
				grad[i] = v.Gradients()
			}
			same := 0
			for i, g := range grad[0] {
				near(t, g.Name, grad[1][i].Data, g.Data, 0.05, 0.02*largest(g.Data)+1e-5)
				if slices.Equal(g.Data, grad[1][i].Data) {
					same++
				}
			}
			if same == len(grad[0]) {
				t.Error("bfloat16 products have the bits of float32's: they were not used")
			}
		})
	}
}

// What tensors lack is one line, however many are missing.
func TestLoadTellsOneLine(t *testing.T) {
	v := New[float32](small(variants["nb"]))
	v.Initialize(1)
	tensors := v.Tensors()
	if err := v.Load(tensors); err != nil {
		t.Fatal(err)
	}
	for missing, want := range map[int]string{1: "is missing", 3: "is missing, and 2 more tensors"} {
		err := v.Load(tensors[missing:])
		if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), want) {
			t.Errorf("without %d tensors: %v, want one line with %q", missing, err, want)
		}
	}
}
