package kernel

import (
	"fmt"
	"slices"
	"testing"
)

// BenchmarkLikelihood is each likelihood with a gene's theta, one of 8 codes, and
// each element's own, on a stripe of 32 genes × 128 cells.
func BenchmarkLikelihood(b *testing.B) {
	ops := New[float32]()
	for l := NB; l <= AutoZI; l++ {
		for _, codes := range []int{1, 8, 40, 0} {
			v := variant{l: l, codes: codes, deltaCodes: 1, cells: 128, genes: 32}
			s := open(ops, v.draw())
			name := fmt.Sprintf("%v/%d", []string{"nb", "zinb", "poisson", "normal", "autozi"}[l], codes)
			each := func(part string, do func()) {
				b.Run(name+"/"+part, func(b *testing.B) {
					for b.Loop() {
						do()
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*s.N*s.LD), "ns/element")
				})
			}
			if codes > 0 && l != Poisson {
				r := to[float32](v.draw().Tab)
				each("tables", func() { ops.Tables(s.N*codes, r, s.Tab) })
			}
			each("counts", func() { ops.Counts(l, s) })
			a, r, pi := slices.Clone(s.A), slices.Clone(s.R), slices.Clone(s.Pi)
			each("elements", func() {
				copy(s.A, a)
				copy(s.R, r)
				copy(s.Pi, pi)
				ops.Likelihood(l, s)
			})
		}
	}
}
