package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// block is a random block of the head: every input of NBBlock in both precisions.
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

// head runs the four passes of the head and returns what they write.
func head[T Float](ops Ops[T], k *block) (out [][]T, names []string) {
	b, n := k.b, k.n
	y, bias, r, lib := to[T](k.logits), to[T](k.bias), to[T](k.r), to[T](k.lib)
	max, sum, tab := make([]T, b), make([]T, b), make([]T, TableSize(n))
	a, dr, ll, s, db := make([]T, b*n), make([]T, n), make([]T, b), make([]T, b), make([]T, n)
	ops.SoftmaxBlock(b, n, y, bias, max, sum)
	scale := make([]T, b)
	for i := range scale {
		scale[i] = 1 / sum[i]
	}
	ops.NBTables(n, r, tab)
	ops.NBBlock(b, n, y, scale, lib, tab, Nonzeros[T]{First: 32, Lo: k.lo, Hi: k.hi, Idx: k.idx, Val: to[T](k.val)}, a, dr, ll, s)
	da := append([]T{}, a...)
	ops.SoftmaxBackward(b, n, y, da, s, 1.0/T(b), db)
	return [][]T{max, sum, y, ll, s, a, dr, da, db}, []string{"max", "sum", "rho", "ll", "S", "a", "dr", "dlogits", "db"}
}

func TestHeadAgainstReference(t *testing.T) {
	for _, fractional := range []bool{false, true} {
		for _, n := range []int{3, 15, 64, 256} {
			k := newBlock(16, n, fractional)
			want, names := head(Plain[float64](), k)
			for _, ops := range []Ops[float32]{New[float32](), Plain[float32]()} {
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
	for _, h := range []int{1, 17, 128} {
		for i, want := range dense(Plain[float64](), h) {
			compare(t, fmt.Sprintf("h=%d output %d", h, i), dense(New[float32](), h)[i], want, 2e-5)
		}
	}
}

// dense runs every other kernel on the same random numbers and returns what they write.
func dense[T Float](ops Ops[T], h int) [][]T {
	rng := rand.New(rand.NewPCG(3, 4))
	b, n := 9, 31
	draw := func(n int) []T { return to[T](normals(rng, n, 1)) }
	k := newBlock(b, n, false)
	ptr := append(append([]int32{}, k.lo...), k.hi[b-1])
	idx := make([]int32, len(k.idx))
	for i := range idx {
		idx[i] = k.idx[i] - 32
	}
	val := draw(len(idx))
	out, dw := make([]T, b*h), make([]T, n*h)
	ops.SparseForward(0, b, h, ptr, idx, val, draw(n*h), out)
	ops.SparseBackward(b, n, h, Nonzeros[T]{Lo: k.lo, Hi: k.hi, Idx: idx, Val: val}, draw(b*h), dw)
	mean, variance, xhat, y := make([]T, h), make([]T, h), make([]T, b*h), make([]T, b*h)
	gamma := draw(h)
	ops.BatchNorm(b, h, out, gamma, draw(h), 1e-3, mean, variance, xhat, y)
	dgamma, dbeta, dx := make([]T, h), make([]T, h), make([]T, b*h)
	ops.BatchNormBackward(b, h, xhat, gamma, variance, 1e-3, draw(b*h), dgamma, dbeta, dx)
	relu, mask, dy := append([]T{}, y...), draw(b*h), draw(b*h)
	ops.ReLU(mask, relu)
	ops.ReLUBackward(relu, mask, dy)
	p, g, m, v := draw(n), draw(n), draw(n), draw(n)
	for i := range v {
		v[i] *= v[i]
	}
	ops.Adam(p, g, m, v, AdamStep{Beta1: 0.9, Beta2: 0.999, Decay: 1e-6, Step: 1e-2, Unbias: 1.5, Eps: 0.01})
	ops.Add(relu, y)
	sums := make([]T, h)
	ops.ColumnSums(b, h, y, sums)
	c := draw(b * n)
	ops.Gemm(false, true, b, n, h, 1, y, h, dw, h, 0.5, c, n)
	return [][]T{out, dw, mean, variance, xhat, y, dgamma, dbeta, dx, relu, dy, p, m, v, c, sums}
}
