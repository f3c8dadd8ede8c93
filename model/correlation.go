package model

import (
	"math"
	"slices"

	"cellvi/model/kernel"
)

// GeneTile is the genes of a side of a tile of a matrix genes × genes. Every product
// has this shape, genes that are missing being zeros, because a product of another
// shape may add in another order.
const GeneTile = 64

// tileDepth is the observations of one float32 product: what more there are is added
// in float64.
const tileDepth = 2048

// Products is the sums of products of observations of pairs of genes,
// Σ_i x_g,i x_h,i.
type Products struct {
	Genes  int
	Tiles  int         // per side
	sum    [][]float64 // (GeneTile, GeneTile) of tile (p, q), p ≤ q
	ops    kernel.Ops[float32]
	buffer [][]float32 // (GeneTile, GeneTile) of each worker
}

// ProductBytes is what Products of so many genes takes.
func ProductBytes(genes int) int64 {
	t := int64(genes+GeneTile-1) / GeneTile
	return t * (t + 1) / 2 * GeneTile * GeneTile * 8
}

// NewProducts are zeros, to be added to by so many workers.
func NewProducts(genes, workers int) *Products {
	p := &Products{Genes: genes, Tiles: (genes + GeneTile - 1) / GeneTile, ops: kernel.New[float32]()}
	p.sum = make([][]float64, p.Tiles*p.Tiles)
	for a := range p.Tiles {
		for b := a; b < p.Tiles; b++ {
			p.sum[a*p.Tiles+b] = make([]float64, GeneTile*GeneTile)
		}
	}
	for range workers {
		p.buffer = append(p.buffer, make([]float32, GeneTile*GeneTile))
	}
	return p
}

// Add adds n observations to tile (a, b), a ≤ b: x and y are (GeneTile, n) of the
// tile's rows and columns, row-major with ld between rows. Several workers may add to
// different tiles at the same time.
func (p *Products) Add(worker, a, b, n int, x, y []float32, ld int) {
	sum, c := p.sum[a*p.Tiles+b], p.buffer[worker]
	for at := 0; at < n; at += tileDepth {
		k := min(tileDepth, n-at)
		p.ops.Gemm(false, true, GeneTile, GeneTile, k, 1, x[at:], ld, y[at:], ld, 0, c, GeneTile)
		for i, v := range c {
			sum[i] += float64(v)
		}
	}
}

// At is the sum of genes g and h.
func (p *Products) At(g, h int) float64 {
	g, h = min(g, h), max(g, h)
	return p.sum[g/GeneTile*p.Tiles+h/GeneTile][g%GeneTile*GeneTile+h%GeneTile]
}

// Ranks replaces values, which are not negative, by their ranks, 1 for the least, the
// mean of their ranks for those that are equal. keys is workspace as long.
func Ranks(x []float32, keys []uint64) {
	for i, v := range x { // the bits of numbers that are not negative ascend as they do
		keys[i] = uint64(math.Float32bits(v+0))<<32 | uint64(uint32(i))
	}
	slices.Sort(keys)
	for lo := 0; lo < len(keys); {
		hi := lo + 1
		for hi < len(keys) && keys[hi]>>32 == keys[lo]>>32 {
			hi++
		}
		rank := float32(float64(lo+hi+1) / 2)
		for _, k := range keys[lo:hi] {
			x[uint32(k)] = rank
		}
		lo = hi
	}
}

// Standardize makes mean 0 and population variance 1 of values; all become 0 where
// they are equal, which it tells.
func Standardize(x []float32) (constant bool) {
	mean, square := 0.0, 0.0
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	for _, v := range x {
		square += (float64(v) - mean) * (float64(v) - mean)
	}
	if !(square > 0) {
		clear(x)
		return true
	}
	by := math.Sqrt(float64(len(x)) / square)
	for i, v := range x {
		x[i] = float32((float64(v) - mean) * by)
	}
	return false
}
