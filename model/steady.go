package model

import "cellvi/model/kernel"

// steady is operations whose products have the same bits in a row whatever rows stand beside it: a library of linear
// algebra may take another way for another number of rows, so these come 32 at a time.
type steady struct{ kernel.Ops[float32] }

// steadyRows is what kernel.Pad makes numbers of rows a multiple of.
const steadyRows = 32

// Gemm is Ops', where a is not transposed, of whole tiles of rows.
func (s steady) Gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if transA || m%steadyRows != 0 {
		s.Ops.Gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	for i := 0; i < m; i += steadyRows {
		s.Ops.Gemm(false, transB, steadyRows, n, k, alpha, a[i*lda:], lda, b, ldb, beta, c[i*ldc:], ldc)
	}
}
