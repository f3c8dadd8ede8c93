package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// variant is a likelihood and whose its theta and delta are.
type variant struct {
	l            Likelihood
	codes        int // of theta; 0: each element's own
	deltaCodes   int
	fraction     float64 // added to every count
	cells, genes int
	harsh        bool // pi up to ±80, theta down to 1e-20 and up to 1e20, rates of 0, counts of millions
}

func (v variant) String() string {
	name := []string{"nb", "zinb", "poisson", "normal", "autozi"}[v.l]
	return fmt.Sprintf("%s codes %d/%d cells %d genes %d fraction %g harsh %v", name, v.codes, v.deltaCodes, v.cells, v.genes, v.fraction, v.harsh)
}

// draw is a random stripe of v: 15% nonzero, one cell without counts and with library size 0.
func (v variant) draw() *Stripe[float64] {
	rng := rand.New(rand.NewPCG(11, uint64(v.cells)))
	n, ld := v.genes, Pad(v.cells)
	s := &Stripe[float64]{N: n, LD: ld, Cells: v.cells, Codes: max(v.codes, 1), DeltaCodes: max(v.deltaCodes, 1), Start: []int32{0},
		Y: make([]float64, n*ld), Scale: make([]float64, ld), Lib: make([]float64, ld), MinDropout: 1.0 / 128}
	for range n {
		for b := range v.cells {
			if b != 1 && rng.Float64() < 0.15 {
				x := v.fraction + math.Ceil(math.Exp(rng.Float64()*4)-1)
				if v.harsh && rng.IntN(4) == 0 {
					x *= 1e5
				}
				s.Sorted = append(s.Sorted, Entry[float64]{Cell: int32(b), Val: x})
			}
		}
		s.Start = append(s.Start, int32(len(s.Sorted)))
	}
	for k := range s.Y {
		s.Y[k] = math.Exp(2 * rng.NormFloat64())
		if v.harsh && rng.IntN(8) == 0 {
			s.Y[k] = 0
		}
	}
	for b := range ld {
		s.Scale[b] = 0.5 + rng.Float64()
		if b < v.cells && b != 1 {
			s.Lib[b] = 0.5 + 3*rng.Float64()
		}
	}
	v.parameters(s, rng)
	for _, x := range [][]float64{s.Y, s.Scale, s.Lib, s.R, s.RBias, s.Tab, s.Pi, s.PiBias, s.Delta} {
		for k := range x {
			x[k] = float64(float32(x[k])) // the same numbers in both precisions
		}
	}
	return s
}

// parameters fills in what only some likelihoods have.
func (v variant) parameters(s *Stripe[float64], rng *rand.Rand) {
	n, ld, spread := s.N, s.LD, 1.5
	if v.harsh && v.l != Normal {
		spread = 15
	}
	if v.codes == 0 {
		s.R, s.RBias = normals(rng, n*ld, spread), normals(rng, n, 1)
	} else {
		s.Tab = normals(rng, n*v.codes, spread) // r, until open
	}
	s.Code, s.DeltaCode = codes(rng, v.codes, ld), codes(rng, v.deltaCodes, ld)
	if v.l == ZINB || v.l == AutoZI {
		s.Pi, s.PiBias = normals(rng, n*ld, 2), normals(rng, n, 1)
		for k := range s.Pi {
			if v.harsh {
				s.Pi[k] = max(-80, min(80, 20*s.Pi[k]))
			}
		}
	}
	for range n * s.DeltaCodes {
		s.Delta = append(s.Delta, max(1e-7, min(1-1e-7, 1.2*rng.Float64()-0.1)))
	}
	if v.harsh && v.cells%2 == 0 {
		s.MinDropout = 0
	}
}

func codes(rng *rand.Rand, n, ld int) []int32 {
	if n < 2 {
		return nil
	}
	c := make([]int32, ld)
	for b := range c {
		c[b] = int32(rng.IntN(n))
	}
	return c
}

// open copies a stripe in another precision, with room for what is written and
// theta's tables made.
func open[T Float](ops Ops[T], d *Stripe[float64]) *Stripe[T] {
	s := &Stripe[T]{N: d.N, LD: d.LD, Cells: d.Cells, Start: d.Start, Codes: d.Codes, Code: d.Code, DeltaCodes: d.DeltaCodes, DeltaCode: d.DeltaCode,
		Y: to[T](d.Y), Scale: to[T](d.Scale), Lib: to[T](d.Lib), A: make([]T, d.N*d.LD), LL: make([]T, d.LD), S: make([]T, d.LD), Late: make([]T, 2*d.LD),
		Delta: to[T](d.Delta), DDelta: make([]T, len(d.Delta)), MinDropout: T(d.MinDropout)}
	for _, e := range d.Sorted {
		s.Sorted = append(s.Sorted, Entry[T]{Cell: e.Cell, Val: T(e.Val)})
	}
	if d.R != nil {
		s.R, s.RBias, s.DR = to[T](d.R), to[T](d.RBias), make([]T, len(d.R))
	} else {
		n := d.N * d.Codes
		s.Tab, s.DR = make([]T, TableSize(n)), make([]T, n)
		ops.Tables(n, to[T](d.Tab[:n]), s.Tab)
	}
	if d.Pi != nil {
		s.Pi, s.PiBias = to[T](d.Pi), to[T](d.PiBias)
	}
	return s
}

// outputs is what Counts and Likelihood leave in s.
func outputs[T Float](s *Stripe[T]) map[string][]T {
	return map[string][]T{"LL": s.LL, "S": s.S, "A": s.A, "DR": s.DR, "R": s.R, "Pi": s.Pi, "DDelta": s.DDelta}
}
