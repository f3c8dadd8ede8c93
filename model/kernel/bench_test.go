package kernel

import (
	"math/rand/v2"
	"testing"
)

// Each loop on a minibatch of 128 cells and a block of 256 genes, 15% of them
// nonzero, 128 hidden units: in C, and in plain Go.
func BenchmarkKernels(b *testing.B) {
	b.Run("native", func(b *testing.B) { benchKernels(b, New[float32]()) })
	b.Run("plain", func(b *testing.B) { benchKernels(b, Plain[float32]()) })
}

const (
	benchB = 128
	benchN = 256
	benchH = 128
)

// benchData is what the loops work on.
type benchData struct {
	k                                   *block
	y, logits, a, w, g, m, v            []float32 // (N, B), (N, H)
	x, xhat, h, dh                      []float32 // (B, H)
	max, sum, scale, s                  []float32 // (B)
	bias, dr                            []float32 // (N)
	gamma, beta, mean, variance, dg, db []float32 // (H)
	val                                 []float32
	bound, start                        []int32
	nz                                  Nonzeros[float32]
	sorted                              []Entry[float32]
}

func newBenchData(ops Ops[float32]) *benchData {
	k := newBlock(benchB, benchN, false)
	rng := rand.New(rand.NewPCG(1, 1))
	draw := func(n int) []float32 { return to[float32](normals(rng, n, 1)) }
	d := &benchData{k: k, y: draw(benchN * benchB), logits: draw(benchN * benchB), a: draw(benchN * benchB),
		w: draw(benchN * benchH), g: draw(benchN * benchH), m: make([]float32, benchN*benchH), v: make([]float32, benchN*benchH),
		x: draw(benchB * benchH), xhat: draw(benchB * benchH), h: draw(benchB * benchH), dh: draw(benchB * benchH),
		max: draw(benchB), sum: draw(benchB), scale: draw(benchB), s: draw(benchB),
		bias: to[float32](k.bias), dr: draw(benchN),
		gamma: draw(benchH), beta: draw(benchH), mean: draw(benchH), variance: draw(benchH), dg: draw(benchH), db: draw(benchH)}
	for i := range d.scale {
		d.scale[i] = 1e-2
	}
	for i := range k.idx {
		if k.idx[i] -= 32; rng.Float64() < 0.25 { // a fifth are nonzero: leave out a quarter
			k.val[i] = 0
		}
	}
	d.take(ops)
	return d
}

// take sorts the block's counts, as common data has them: most below the table's end.
func (d *benchData) take(ops Ops[float32]) {
	k := d.k
	var idx, lo, hi []int32
	for b := range benchB {
		lo = append(lo, int32(len(idx)))
		for i := k.lo[b]; i < k.hi[b]; i++ {
			if v := k.val[i]; v > 0 {
				idx, d.val = append(idx, k.idx[i]), append(d.val, float32(int(v-1)%12+1))
			}
		}
		hi = append(hi, int32(len(idx)))
	}
	d.bound = append(append([]int32{}, lo...), hi...)
	d.nz = Nonzeros[float32]{Lo: lo, Hi: hi, Idx: idx, Val: d.val, Log: d.val}
	d.start, d.sorted = make([]int32, benchN+1), make([]Entry[float32], len(idx))
	ops.SortByGene(benchN, d.nz, d.start, d.sorted)
}

func benchKernels(b *testing.B, ops Ops[float32]) {
	d := newBenchData(ops)
	adam := AdamStep{Beta1: 0.9, Beta2: 0.999, Decay: 1e-6, Step: 1e-3, Unbias: 1, Eps: 0.01}
	for _, c := range []struct {
		name string
		run  func()
	}{
		{"sort", func() { ops.SortByGene(benchN, d.nz, d.start, d.sorted) }},
		{"sparse-forward", func() {
			ops.SparseForward(0, benchB, benchB, benchH, 1, d.bound, d.nz.Idx, d.val, d.w, d.beta, d.x)
		}},
		{"sparse-backward", func() { ops.SparseBackward(benchN, benchH, d.start, d.sorted, d.h, d.g) }},
		{"product-logits", func() { ops.Product(benchN, benchB, benchH, d.w, benchH, 1, d.h, benchB, d.y, benchB) }},
		{"product-dw", func() { ops.Product(benchN, benchH, benchB, d.a, benchB, 1, d.h, benchH, d.g, benchH) }},
		{"product-dh", func() { ops.Product(benchB, benchH, benchN, d.a, 1, benchB, d.w, benchH, d.dh, benchH) }},
		{"softmax", func() { copy(d.y, d.logits); ops.SoftmaxBlock(benchN, benchB, d.y, d.bias, d.max, d.sum) }},
		{"softmax-backward", func() { ops.SoftmaxBackward(benchN, benchB, d.y, d.scale, d.a, d.s, 1, d.dr) }},
		{"batchnorm", func() {
			ops.BatchNorm(benchB, benchH, d.h, d.gamma, d.beta, 1e-3, d.mean, d.variance, d.xhat, d.x)
		}},
		{"batchnorm-backward", func() {
			ops.BatchNormBackward(benchB, benchH, d.xhat, d.gamma, d.variance, 1e-3, d.dh, d.dg, d.db, d.x)
		}},
		{"dropout", func() { ops.Dropout(42, 0, 0.1, d.x) }},
		{"adam", func() { ops.Adam(d.w, d.g, d.m, d.v, adam) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				c.run()
			}
			b.ReportMetric(float64(b.N)*benchB/b.Elapsed().Seconds(), "cells/s")
		})
	}
}

// BenchmarkHalf is the three head products in bfloat16, rounding included.
func BenchmarkHalf(b *testing.B) {
	half, ok := NewHalf()
	if !ok {
		b.Skip("this processor has no bfloat16 instructions")
	}
	d := newBenchData(New[float32]())
	rows, pairs, h := make([]uint32, benchN*benchH/2), make([]uint32, benchN*benchH/2), make([]uint32, benchB*benchH/2)
	half.PairColumns(benchB, benchH, d.h, h)
	for b.Loop() {
		half.PairRows(d.w, rows)
		half.HalfProduct(benchN, benchB, benchH/2, rows, benchH/2, 1, h, benchB, d.y, benchB)
		half.PairRows(d.a, rows)
		half.HalfProduct(benchN, benchH, benchB/2, rows, benchB/2, 1, h, benchH, d.g, benchH)
		half.PairColumns(benchN, benchB, d.a, rows)
		half.PairColumns(benchN, benchH, d.w, pairs)
		half.HalfProduct(benchB, benchH, benchN/2, rows, 1, benchB, pairs, benchH, d.dh, benchH)
	}
	b.ReportMetric(float64(b.N)*benchB/b.Elapsed().Seconds(), "cells/s")
}
