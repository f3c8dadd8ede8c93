package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// round is x to the nearest bfloat16, ties to even.
func round(x float32) float64 {
	b := math.Float32bits(x)
	return float64(math.Float32frombits((b + 0x7fff + b>>16&1) &^ 0xffff))
}

// A product of rounded numbers differs from the exact sum by float32's rounding alone.
func TestHalfProduct(t *testing.T) {
	half, ok := NewHalf()
	if !ok {
		t.Skip("this processor has no bfloat16 instructions")
	}
	for _, m := range []int{1, 12, 31} {
		for _, k := range []int{2, 16, 31, 48} {
			const n = 64
			rng := rand.New(rand.NewPCG(7, 8))
			at, b := to[float32](normals(rng, k*32, 1)), to[float32](normals(rng, k*n, 1)) // at is (k, 32) with columns i
			pa, pb, c := make([]uint32, (k+1)/2*32), make([]uint32, (k+1)/2*n), make([]float32, m*n)
			half.PairColumns(k, 32, at, pa)
			half.PairColumns(k, n, b, pb)
			half.HalfProduct(m, n, (k+1)/2, pa, 1, 32, pb, n, c, n)
			want := make([]float64, m*n)
			for i := range m {
				for j := range n {
					for p := range k {
						want[i*n+j] += round(at[p*32+i]) * round(b[p*n+j])
					}
				}
			}
			compare(t, "product", c, want, 1e-6)
		}
	}
}

func TestPairRows(t *testing.T) {
	half, ok := NewHalf()
	if !ok {
		t.Skip("this processor has no bfloat16 instructions")
	}
	x := to[float32](normals(rand.New(rand.NewPCG(9, 10)), 3*16, 3))
	y := make([]uint32, len(x)/2)
	half.PairRows(x, y)
	for i, v := range x {
		got := float64(math.Float32frombits(y[i/2] >> (16 * (i % 2)) << 16))
		if got != round(v) {
			t.Fatalf("number %d: %g became %g, not %g", i, v, got, round(v))
		}
	}
}
