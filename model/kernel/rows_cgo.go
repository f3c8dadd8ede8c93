//go:build cgo

package kernel

// #include "kernel.h"
import "C"

// SoftplusBlock is described at Ops.
func (native) SoftplusBlock(n, ld int, y, bias []float32) {
	C.cv_softplus_block(C.int(n), C.int(ld), f(y), f(bias))
}

// SoftplusBackward is described at Ops.
func (native) SoftplusBackward(n, ld int, y, a []float32, mean float32, db []float32) {
	C.cv_softplus_backward(C.int(n), C.int(ld), f(y), f(a), C.float(mean), f(db))
}

// ScaleRows is described at Ops.
func (native) ScaleRows(n, ld int, by float32, x, sum []float32) {
	C.cv_scale_rows(C.int(n), C.int(ld), C.float(by), f(x), f(sum))
}

// Squares is described at Ops.
func (native) Squares(n, ld, l int, t, y, scale, w, sums, mean []float32) {
	C.cv_squares(C.int(n), C.int(ld), C.int(l), f(t), f(y), f(scale), f(w), f(sums), f(mean))
}

// RowNorm is described at Ops.
func (native) RowNorm(n, ld, b int, y, gamma, beta []float32, eps float32, mean, variance, xhat []float32) {
	C.cv_row_norm(C.int(n), C.int(ld), C.int(b), f(y), f(gamma), f(beta), C.float(eps), f(mean), f(variance), f(xhat))
}

// RowNormBackward is described at Ops.
func (native) RowNormBackward(n, ld, b int, xhat, gamma, variance []float32, eps float32, a, dgamma, dbeta []float32) {
	C.cv_row_norm_backward(C.int(n), C.int(ld), C.int(b), f(xhat), f(gamma), f(variance), C.float(eps), f(a), f(dgamma), f(dbeta))
}

// RowAffine is described at Ops.
func (native) RowAffine(n, ld int, scale, shift, y []float32) {
	C.cv_row_affine(C.int(n), C.int(ld), f(scale), f(shift), f(y))
}

// LayerNorm is described at Ops.
func (native) LayerNorm(b, h int, x []float32, eps float32, inv, y []float32) {
	C.cv_layernorm(C.int(b), C.int(h), f(x), C.float(eps), f(inv), f(y))
}

// LayerNormBackward is described at Ops.
func (native) LayerNormBackward(b, h int, y, inv, dy, dx []float32) {
	C.cv_layernorm_backward(C.int(b), C.int(h), f(y), f(inv), f(dy), f(dx))
}
