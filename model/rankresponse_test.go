package model

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
)

// responsesOf are the cells' responses, gathered: each of them (cells, …), gradients
// (L, cells, G).
func responsesOf(t *testing.T, v *VAE[float32], cells *Cells, threads int, a Asking) Responses {
	t.Helper()
	n, g, l := cells.Len(), v.NInput, v.NLatent
	all := Responses{Start: make([]float32, l*n*g), End: make([]float32, l*n*g)}
	err := NewEvaluator(v, threads).Respond(context.Background(), cells, rows32(n), a, func(x *Responses) error {
		if len(all.Log) != x.First*g {
			t.Errorf("cell %d comes after %d cells", x.First, len(all.Log)/g)
		}
		all.Log, all.Response = append(all.Log, x.Log...), append(all.Response, x.Response...)
		all.Square, all.Z = append(all.Square, x.Square...), append(all.Z, x.Z...)
		for k := 0; a.Direction != nil && k < l; k++ {
			copy(all.Start[(k*n+x.First)*g:], x.Start[k*x.N*g:(k+1)*x.N*g])
			copy(all.End[(k*n+x.First)*g:], x.End[k*x.N*g:(k+1)*x.N*g])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// directions is another one for every cell, times by.
func directions(l int, by float64) func(i int) []float32 {
	return func(i int) []float32 {
		v := make([]float32, l)
		for k := range v {
			v[k] = float32(by * math.Sin(float64(1+7*i+3*k)))
		}
		return v
	}
}

// dot is the gradient (L, cells, G) of a cell and gene times a direction.
func dot(gradient []float32, v []float32, cells, genes, cell, gene int) (sum float64) {
	for k, d := range v {
		sum += float64(d) * float64(gradient[(k*cells+cell)*genes+gene])
	}
	return sum
}

// The gradients are the finite differences that Response gives of a short step, at both
// ends of the way; those at the start of a long one too.
func TestRespondGradient(t *testing.T) {
	const h, c = 2e-3, 1e-3
	for name, set := range variants {
		t.Run(name, func(t *testing.T) {
			cfg := small(set)
			cfg.NInput = 70
			cells := randomCells(200, cfg)
			v := trainVariant(t, cfg, cells, 1)
			l, n, g := v.NLatent, cells.Len(), v.NInput
			for _, batches := range [][]int{nil, {v.NBatch - 1, 0}} {
				ask := Asking{Samples: 1, Seed: 5, Batches: batches, Pseudocount: c, Direction: directions(l, h)}
				short := responsesOf(t, v, cells, 1, ask)
				ask.Direction = directions(l, 1)
				long := responsesOf(t, v, cells, 1, ask)
				ask.Direction = directions(l, 1+h)
				longer := responsesOf(t, v, cells, 1, ask)
				var start, end []float64
				for i := range n {
					d := directions(l, h)(i)
					for k := range g {
						at := i*g + k
						end = append(end, math.Abs(short.Response[at]-dot(short.End, d, n, g, i, k))/h)
						start = append(start, math.Abs(longer.Response[at]-long.Response[at]-dot(long.Start, d, n, g, i, k))/h)
						if s := long.Response[at] * long.Response[at]; math.Abs(long.Square[at]-s) > 1e-9*s {
							t.Fatalf("square of one draw is %g, want %g", long.Square[at], s)
						}
					}
				}
				slices.Sort(start)
				slices.Sort(end)
				if a, b := start[len(start)*95/100], end[len(end)*95/100]; !(a < 2e-2 && b < 2e-2) { // the rest has a unit's kink on the way
					t.Errorf("batches %v: gradients are %.2g and %.2g off their finite differences", batches, a, b)
				}
			}
		})
	}
}

// The response is the gradient's mean along the way: its integral, in many steps.
func TestRespondIntegral(t *testing.T) {
	cfg := small(func(*Config) {})
	cells := randomCells(130, cfg)
	v := trainVariant(t, cfg, randomCells(200, cfg), 1)
	l, n, g := v.NLatent, cells.Len(), v.NInput
	const steps = 100
	sum := make([]float64, n*g)
	for s := range steps {
		x := responsesOf(t, v, cells, 1, Asking{Samples: 1, Direction: directions(l, (float64(s)+0.5)/steps)})
		for i := range sum {
			sum[i] += dot(x.Start, directions(l, 1)(i/g), n, g, i/g, i%g) / steps
		}
	}
	whole := responsesOf(t, v, cells, 1, Asking{Samples: 1, Direction: directions(l, 1)})
	for i, want := range whole.Response {
		if math.Abs(sum[i]-want) > 1e-2*(1+math.Abs(want)) {
			t.Fatalf("cell %d, gene %d: the integral is %g, the response %g", i/g, i%g, sum[i], want)
		}
	}
}

// Logarithms and z are those of Generate's draws.
func TestRespondDraws(t *testing.T) {
	const c = 1e-3
	for name, set := range variants {
		t.Run(name, func(t *testing.T) {
			cfg := small(set)
			cells := randomCells(200, cfg)
			v := New[float32](cfg)
			v.Initialize(4)
			l, n, g := v.NLatent, cells.Len(), v.NInput
			x := responsesOf(t, v, cells, 1, Asking{Samples: 3, Seed: 5, Batches: []int{0}, Pseudocount: c})
			want, z := make([]float64, n*g), make([]float64, n*l)
			err := NewEvaluator(v, 1).Generate(context.Background(), cells, rows32(n), Generation{Samples: 3, Seed: 5, Batch: 0}, func(y *Generated) error {
				for i, rho := range y.Scale {
					want[y.First*g+i] += math.Log2(float64(rho)+c) / 3
				}
				if cfg.LatentDistribution == "ln" {
					Coordinates(l, y.Z)
				}
				for i, value := range y.Z {
					z[y.First*l+i] += float64(value) / 3
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			for i, w := range want {
				if math.Abs(x.Log[i]-w) > 2e-6*(1+math.Abs(w)) {
					t.Fatalf("log share is %g, want %g", x.Log[i], w)
				}
			}
			for i, w := range z {
				if math.Abs(x.Z[i]-w) > 1e-6 {
					t.Fatalf("z is %g, want %g", x.Z[i], w)
				}
			}
		})
	}
}

// The same bits for any number of threads, and for cells among others.
func TestRespondSameBits(t *testing.T) {
	cfg := small(func(*Config) {})
	cells := randomCells(700, cfg)
	v := New[float32](cfg)
	v.Initialize(4)
	ask := Asking{Samples: 2, Seed: 5, Direction: directions(v.NLatent, 1)}
	one, three := responsesOf(t, v, cells, 1, ask), responsesOf(t, v, cells, 3, ask)
	if !slices.Equal(one.Response, three.Response) || !slices.Equal(one.Square, three.Square) || !slices.Equal(one.Start, three.Start) || !slices.Equal(one.End, three.End) {
		t.Error("another answer with three threads")
	}
}

// An error of do, or of reading, ends the work, and nobody waits for ever.
func TestRespondEnds(t *testing.T) {
	cfg := small(func(*Config) {})
	cells := randomCells(2000, cfg)
	v := New[float32](cfg)
	v.Initialize(4)
	wrong := errors.New("wrong")
	ask := Asking{Samples: 1}
	for range 5 {
		calls := 0
		err := NewEvaluator(v, 3).Respond(context.Background(), cells, rows32(2000), ask, func(x *Responses) error {
			if calls++; calls == 4 {
				return wrong
			}
			return nil
		})
		if !errors.Is(err, wrong) || calls != 4 {
			t.Errorf("%v after %d calls", err, calls)
		}
		source := &faultySource{Source: cells, at: 1000, err: wrong}
		if err := NewEvaluator(v, 3).Respond(context.Background(), source, rows32(2000), ask, func(*Responses) error { return nil }); !errors.Is(err, wrong) {
			t.Errorf("a fault of reading gives %v", err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		err = NewEvaluator(v, 3).Respond(ctx, cells, rows32(2000), ask, func(x *Responses) error { cancel(); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled, it gives %v", err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a panic is lost")
				}
			}()
			_ = NewEvaluator(v, 3).Respond(context.Background(), cells, rows32(2000), ask, func(x *Responses) error { panic("on purpose") })
		}()
	}
}

// faultySource cannot read row at.
type faultySource struct {
	Source
	at  int32
	err error
}

func (s *faultySource) Read(rows []int32, into *Cells) error {
	if slices.Contains(rows, s.at) {
		return s.err
	}
	return s.Source.Read(rows, into)
}

func TestLog2(t *testing.T) {
	for _, x := range []float64{1, 0.5, 3, 1e-12, 7.3e-5, 0.70710678, 0.7071068, 1.4142135, 1.4142136, 0.999999, 2e20} {
		if got, want := log2(x), math.Log2(x); math.Abs(got-want) > 4e-11*(1+math.Abs(want)) {
			t.Errorf("log2(%g) is %.15g, want %.15g", x, got, want)
		}
	}
	if got := log2(0); got != log2(least) {
		t.Errorf("log2(0) is %g", got)
	}
}
