package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// block is a random block of the head: every input in both precisions.
type block struct {
	b, n                      int
	logits, bias, r, lib, val []float64
	lo, hi, idx               []int32
}

// newBlock draws B cells × n genes; fraction nonzero, counts up to a thousand,
// theta from 1e-3 to 1e8, one cell without counts.
func newBlock(b, n int, fractional bool) *block {
	rng := rand.New(rand.NewPCG(1, 2))
	k := &block{b: b, n: n, logits: normals(rng, b*n, 2), bias: normals(rng, n, 1), r: normals(rng, n, 3), lib: make([]float64, b)}
	k.r[0], k.r[n-1] = math.Log(1e8), math.Log(1e-3)
	for c := range b {
		k.lo = append(k.lo, int32(len(k.idx)))
		for g := range n {
			if c == 1 || rng.Float64() > 0.2 {
				continue
			}
			x := math.Floor(math.Exp(rng.Float64() * 7))
			if fractional {
				x += 0.25
			}
			k.idx, k.val = append(k.idx, int32(g+32)), append(k.val, x)
			k.lib[c] += x
		}
		k.hi = append(k.hi, int32(len(k.idx)))
	}
	return k
}

func normals(rng *rand.Rand, n int, sd float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = sd * rng.NormFloat64()
	}
	return x
}

func to[T Float](x []float64) []T {
	y := make([]T, len(x))
	for i, v := range x {
		y[i] = T(v)
	}
	return y
}

// head runs the passes of the head and returns what they write.
func head[T Float](ops Ops[T], k *block) (out [][]T, names []string) {
	b, n, ld := k.b, k.n, Pad(k.b)
	y, bias, r, lib := make([]T, n*ld), to[T](k.bias), to[T](k.r), make([]T, ld)
	ops.Transpose(b, n, ld, to[T](k.logits), y)
	copy(lib, to[T](k.lib))
	max, sum, scale, tab := make([]T, ld), make([]T, ld), make([]T, ld), make([]T, TableSize(n))
	a, dr, ll, s, db := make([]T, ld*n), make([]T, n), make([]T, ld), make([]T, ld), make([]T, n)
	ops.SoftmaxBlock(n, ld, y, bias, max, sum)
	ops.SoftmaxJoin(1, ld, max, sum, scale)
	ops.Tables(n, r, tab)
	nz := Nonzeros[T]{First: 32, Lo: k.lo, Hi: k.hi, Idx: k.idx, Val: to[T](k.val), Log: to[T](k.val)}
	start, sorted := make([]int32, n+1), make([]Entry[T], nz.Len())
	ops.SortByGene(n, nz, start, sorted)
	stripe := &Stripe[T]{N: n, LD: ld, Cells: b, Start: start, Sorted: sorted, Y: y, Scale: scale, Lib: lib, A: a, LL: ll, S: s, Late: make([]T, 2*ld),
		Codes: 1, Tab: tab, DR: dr}
	ops.Counts(NB, stripe)
	gamma := append([]T{}, ll...)
	ops.Likelihood(NB, stripe)
	da := append([]T{}, a...)
	ops.SoftmaxBackward(n, ld, y, scale, da, s, 1.0/T(b), db)
	return [][]T{max, sum, y, gamma, ll, s, a, dr, da, db}, []string{"max", "sum", "exp", "gamma", "ll", "S", "a", "dr", "dlogits", "db"}
}

func TestHeadAgainstReference(t *testing.T) {
	for _, fractional := range []bool{false, true} {
		for _, n := range []int{3, 15, 64, 256} {
			k := newBlock(16, n, fractional)
			want, names := head(Plain[float64](), k)
			for _, ops := range append(sets(), Plain[float32]()) {
				got, _ := head(ops, k)
				for i, name := range names {
					compare(t, fmt.Sprintf("%T n=%d fractional=%v %s", ops, n, fractional, name), got[i], want[i], 2e-5)
				}
			}
		}
	}
}

// compare holds each value to tol of itself or of the largest beside it: sums
// over genes that cancel lose digits relative to their terms, not to the sum.
func compare[T Float](t *testing.T, name string, got []T, want []float64, tol float64) {
	t.Helper()
	largest := 0.0
	for _, w := range want {
		largest = math.Max(largest, math.Abs(w))
	}
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - w); !(d <= tol*math.Abs(w)+tol*0.1*largest) {
			t.Fatalf("%s[%d]: got %g, want %g", name, i, got[i], w)
		}
	}
}

func TestDenseAgainstReference(t *testing.T) {
	for _, h := range []int{1, 17, 40, 128, 200} {
		want := dense(Plain[float64](), h)
		for _, ops := range append(sets(), Plain[float32]()) {
			for i, got := range dense(ops, h) {
				compare(t, fmt.Sprintf("%T%v h=%d output %d", ops, ops, h, i), got, want[i], 2e-5)
			}
		}
	}
}

// dense runs every other kernel on the same random numbers and returns what they write.
func dense[T Float](ops Ops[T], h int) [][]T {
	rng := rand.New(rand.NewPCG(3, 4))
	b, n := 9, 31
	draw := func(n int) []T { return to[T](normals(rng, n, 1)) }
	k := newBlock(b, n, false)
	bound := append(append([]int32{}, k.lo...), k.hi...)
	idx := make([]int32, len(k.idx))
	for i := range idx {
		idx[i] = k.idx[i] - 32
	}
	val := draw(len(idx))
	out, dw := make([]T, b*h), make([]T, n*h)
	ops.SparseForward(0, b, b, h, 1, bound, idx, val, draw(n*h), draw(h), out)
	start, sorted := make([]int32, n+1), make([]Entry[T], len(idx))
	ops.SortByGene(n, Nonzeros[T]{Lo: k.lo, Hi: k.hi, Idx: idx, Val: val, Log: val}, start, sorted)
	ops.SparseBackward(n, h, start, sorted, draw(b*h), dw)
	mean, variance, xhat, y := make([]T, h), make([]T, h), make([]T, b*h), make([]T, b*h)
	gamma := draw(h)
	ops.BatchNorm(b, h, out, gamma, draw(h), 1e-3, mean, variance, xhat, y)
	dgamma, dbeta, dx := make([]T, h), make([]T, h), make([]T, b*h)
	ops.BatchNormBackward(b, h, xhat, gamma, variance, 1e-3, draw(b*h), dgamma, dbeta, dx)
	relu, mask, dy := append([]T{}, y...), draw(b*h), draw(b*h)
	ops.ReLU(mask, relu)
	ops.ReLUBackward(relu, mask, dy)
	affine, dline := make([]T, b*h), draw(b*h)
	ops.Affine(b, h, gamma, mean, out, affine)
	ops.ReLU(nil, affine)
	ops.ReLUBackward(affine, nil, dline)
	p, g, m, v := draw(n), draw(n), draw(n), draw(n)
	for i := range v {
		v[i] *= v[i]
	}
	ops.Adam(p, g, m, v, AdamStep{Beta1: 0.9, Beta2: 0.999, Decay: 1e-6, Step: 1e-2, Unbias: 1.5, Eps: 0.01})
	ops.Add(relu, y)
	sums, total := make([]T, h), make([]T, 3*h)
	ops.Sum(b/3, 3*h, y, total)
	ops.ColumnSums(b, h, y, sums)
	c := draw(b * n)
	ops.Gemm(false, true, b, n, h, 1, y, h, dw, h, 0.5, c, n)
	wide, tall := make([]T, n*h), make([]T, n*b)
	ops.Product(n, h, b, c, 1, n, y, h, wide, h) // c is (b, n): by its columns
	xt := make([]T, h*Pad(b))
	ops.Transpose(b, h, Pad(b), y, xt)
	ops.Product(n, b, h, wide, h, 1, xt, Pad(b), tall, b)
	return [][]T{wide, tall, xt, out, dw, mean, variance, xhat, y, dgamma, dbeta, dx, relu, dy, p, m, v, c, sums, total, affine, dline}
}

// What fills a minibatch is the same to the bit in C and in Go.
func TestFillAgainstReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{0, 1, 15, 333} {
		genes, counts, logs := make([]uint16, n), make([]uint8, n), to[float32](normals(rng, 256, 1))
		for i := range genes {
			genes[i], counts[i] = uint16(rng.Uint32()), uint8(rng.Uint32())
		}
		var got, want [4]any
		for k, ops := range []Ops[float32]{New[float32](), Plain[float32]()} {
			idx, val, log, mask := make([]int32, n), make([]float32, n), make([]float32, n), make([]float32, n)
			total := ops.Unpack(genes, counts, logs, idx, val, log)
			ops.Dropout(0x123456789abcdef0, 77, 0.3, mask)
			*[]*[4]any{&got, &want}[k] = [4]any{total, idx, [2][]float32{val, log}, mask}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("n=%d: got %v, want %v", n, got, want)
		}
	}
}

func TestDropoutRate(t *testing.T) {
	mask := make([]float64, 100_000)
	zeros, both := 0, 0
	Plain[float64]().Dropout(42, 0, 0.1, mask)
	for i, m := range mask {
		if m == 0 {
			zeros++
			if i > 0 && mask[i-1] == 0 {
				both++
			}
		} else if m != 1/0.9 {
			t.Fatalf("mask %g", m)
		}
	}
	// 100,000 draws: standard deviation 95 of the zeros, 32 of the neighbours
	if math.Abs(float64(zeros)-10_000) > 400 || math.Abs(float64(both)-1_000) > 150 {
		t.Errorf("%d zeros of 100,000 at rate 0.1, %d beside another", zeros, both)
	}
}
