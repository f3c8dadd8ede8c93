package kernel

import (
	"math/rand/v2"
	"testing"
)

// Cells per second of each pass over a block of 256 genes, a fifth of them
// nonzero: in C, and in plain Go.
func BenchmarkHead(b *testing.B) {
	b.Run("native", func(b *testing.B) { benchHead(b, New[float32]()) })
	b.Run("plain", func(b *testing.B) { benchHead(b, Plain[float32]()) })
}

func benchHead(b *testing.B, ops Ops[float32]) {
	k := newBlock(128, 256, false)
	logits, bias, r, lib := to[float32](k.logits), to[float32](k.bias), to[float32](k.r), to[float32](k.lib)
	y, val := to[float32](k.logits), to[float32](k.val)
	for i, v := range val { // counts as common data has them: most below the table's end
		if v > 15 {
			val[i] = float32(int(v) % 12)
		}
	}
	max, sum, scale := make([]float32, 128), make([]float32, 128), make([]float32, 128)
	tab, a := make([]float32, TableSize(256)), make([]float32, len(y))
	dr, ll, s := make([]float32, 256), make([]float32, 128), make([]float32, 128)
	nz := Nonzeros[float32]{First: 32, Lo: k.lo, Hi: k.hi, Idx: k.idx, Val: val}
	none := Nonzeros[float32]{First: 32, Lo: k.lo, Hi: k.lo}
	for i := range scale {
		scale[i] = 1e-2
	}
	h, w, g, m, v := make([]float32, 128*128), make([]float32, 256*128), to[float32](normals(rand.New(rand.NewPCG(1, 1)), 256*128, 1)), make([]float32, 256*128), make([]float32, 256*128)
	ops.NBTables(256, r, tab)
	ops.SoftmaxBlock(128, 256, y, bias, max, sum)
	exps := append([]float32{}, y...)
	for _, c := range []struct {
		name string
		run  func()
	}{
		{"softmax", func() { copy(y, logits); ops.SoftmaxBlock(128, 256, y, bias, max, sum) }},
		{"tables", func() { ops.NBTables(256, r, tab) }},
		{"nb", func() { copy(y, exps); ops.NBBlock(128, 256, y, scale, lib, tab, nz, a, dr, ll, s) }},
		{"nb-zeros", func() { copy(y, exps); ops.NBBlock(128, 256, y, scale, lib, tab, none, a, dr, ll, s) }},
		{"backward", func() { ops.SoftmaxBackward(128, 256, y, a, s, 1, dr) }},
		{"gemm-logits", func() { ops.Gemm(false, true, 128, 256, 128, 1, h, 128, w, 128, 0, y, 256) }},
		{"gemm-dw", func() { ops.Gemm(true, false, 256, 128, 128, 1, a, 256, h, 128, 0, w, 128) }},
		{"gemm-dh", func() { ops.Gemm(false, false, 128, 128, 256, 1, a, 256, w, 128, 0, h, 128) }},
		{"adam", func() {
			ops.Adam(w, g, m, v, AdamStep{Beta1: 0.9, Beta2: 0.999, Decay: 1e-6, Step: 1e-3, Unbias: 1, Eps: 0.01})
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				c.run()
			}
			b.ReportMetric(float64(b.N)*128/b.Elapsed().Seconds(), "cells/s")
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/(128*256), "ns/element")
		})
	}
}
