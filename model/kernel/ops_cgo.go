//go:build cgo

package kernel

/*
#cgo CFLAGS: -O3 -fopenmp-simd
#cgo LDFLAGS: -lopenblas -lm
#include "kernel.h"
*/
import "C"

import (
	"unsafe"

	"gonum.org/v1/netlib/blas/netlib"
)

// New gives the fastest Ops there is for T: the C kernels and OpenBLAS for
// float32, plain Go for float64.
func New[T Float]() Ops[T] {
	C.openblas_set_num_threads(1) // the parallelism is ours: same bits, no busy waiting
	if ops, ok := any(native{}).(Ops[T]); ok {
		return ops
	}
	return Plain[T]()
}

// native is the C kernels.
type native struct{}

func f(x []float32) *C.float { return (*C.float)(unsafe.SliceData(x)) }
func i(x []int32) *C.int32_t { return (*C.int32_t)(unsafe.SliceData(x)) }

// Gemm is described at Ops.
func (native) Gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	netlib.Implementation{}.Sgemm(trans(transA), trans(transB), m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// SparseForward is described at Ops.
func (native) SparseForward(lo, hi, h int, ptr, idx []int32, val, w, out []float32) {
	C.cv_sparse_forward(C.int(lo), C.int(hi), C.int(h), i(ptr), i(idx), f(val), f(w), f(out))
}

// SparseBackward is described at Ops.
func (native) SparseBackward(b, n, h int, nz Nonzeros[float32], dout, dw []float32) {
	C.cv_sparse_backward(C.int(b), C.int(n), C.int(h), i(nz.Lo), i(nz.Hi), i(nz.Idx), f(nz.Val), C.int32_t(nz.First), f(dout), f(dw))
}

// SoftmaxBlock is described at Ops.
func (native) SoftmaxBlock(b, n int, y, bias, max, sum []float32) {
	C.cv_softmax_block(C.int(b), C.int(n), f(y), f(bias), f(max), f(sum))
}

// NBTables is described at Ops.
func (native) NBTables(n int, r, tab []float32) { C.cv_nb_tables(C.int(n), f(r), f(tab)) }

// NBBlock is described at Ops.
func (native) NBBlock(b, n int, y, scale, lib, tab []float32, nz Nonzeros[float32], a, dr, ll, s []float32) {
	C.cv_nb_block(C.int(b), C.int(n), f(y), f(scale), f(lib), f(tab), i(nz.Lo), i(nz.Hi), i(nz.Idx), f(nz.Val),
		C.int32_t(nz.First), f(a), f(dr), f(ll), f(s))
}

// SoftmaxBackward is described at Ops.
func (native) SoftmaxBackward(b, n int, rho, a, s []float32, scale float32, db []float32) {
	C.cv_softmax_backward(C.int(b), C.int(n), f(rho), f(a), f(s), C.float(scale), f(db))
}

// BatchNorm is described at Ops.
func (native) BatchNorm(b, h int, x, gamma, beta []float32, eps float32, mean, variance, xhat, y []float32) {
	C.cv_batchnorm(C.int(b), C.int(h), f(x), f(gamma), f(beta), C.float(eps), f(mean), f(variance), f(xhat), f(y))
}

// BatchNormBackward is described at Ops.
func (native) BatchNormBackward(b, h int, xhat, gamma, variance []float32, eps float32, dy, dgamma, dbeta, dx []float32) {
	C.cv_batchnorm_backward(C.int(b), C.int(h), f(xhat), f(gamma), f(variance), C.float(eps), f(dy), f(dgamma), f(dbeta), f(dx))
}

// ReLU is described at Ops.
func (native) ReLU(mask, y []float32) { C.cv_relu(C.int(len(y)), f(mask), f(y)) }

// ReLUBackward is described at Ops.
func (native) ReLUBackward(y, mask, dy []float32) {
	C.cv_relu_backward(C.int(len(dy)), f(y), f(mask), f(dy))
}

// Add is described at Ops.
func (native) Add(x, y []float32) { C.cv_add(C.int(len(y)), f(x), f(y)) }

// ColumnSums is described at Ops.
func (native) ColumnSums(b, n int, x, sum []float32) {
	C.cv_column_sums(C.int(b), C.int(n), f(x), f(sum))
}

// Adam is described at Ops and AdamStep.
func (native) Adam(p, g, m, v []float32, s AdamStep) {
	C.cv_adam(C.int(len(p)), f(p), f(g), f(m), f(v), C.float(s.Beta1), C.float(s.Beta2), C.float(s.Decay),
		C.float(s.Step), C.float(s.Unbias), C.float(s.Eps))
}
