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
	if ops, ok := any(native{set: C.cv_best_set()}).(Ops[T]); ok {
		return ops
	}
	return Plain[T]()
}

// native is the C kernels, those that stand in several instances in that of set:
// see kernel.h.
type native struct{ set C.int }

func f(x []float32) *C.float { return (*C.float)(unsafe.SliceData(x)) }
func i(x []int32) *C.int32_t { return (*C.int32_t)(unsafe.SliceData(x)) }
func entries(x []Entry[float32]) *C.entry {
	return (*C.entry)(unsafe.Pointer(unsafe.SliceData(x))) // the same three words
}

// Gemm is described at Ops.
func (native) Gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	netlib.Implementation{}.Sgemm(trans(transA), trans(transB), m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// Product is described at Ops.
func (o native) Product(m, n, k int, a []float32, ra, ca int, b []float32, ldb int, c []float32, ldc int) {
	C.cv_product(o.set, C.int(m), C.int(n), C.int(k), f(a), C.int(ra), C.int(ca), f(b), C.int(ldb), f(c), C.int(ldc))
}

// Transpose is described at Ops.
func (native) Transpose(rows, cols, ld int, x, y []float32) {
	C.cv_transpose(C.int(rows), C.int(cols), C.int(ld), f(x), f(y))
}

// Unpack is described at Ops.
func (native) Unpack(genes []uint16, counts []uint8, logs []float32, idx []int32, val, log []float32) int {
	return int(C.cv_unpack(C.int(len(counts)), (*C.uint16_t)(unsafe.SliceData(genes)), (*C.uint8_t)(unsafe.SliceData(counts)),
		f(logs), i(idx), f(val), f(log)))
}

// Dropout is described at Ops.
func (native) Dropout(key uint64, first int, rate float64, mask []float32) {
	C.cv_dropout(C.int(len(mask)), C.uint64_t(key), C.uint32_t(first), C.uint32_t(rate*(1<<32)), C.float(1/(1-rate)), f(mask))
}

// SparseForward is described at Ops.
func (o native) SparseForward(lo, hi, b, h, blocks int, bound, idx []int32, val, w, bias, out []float32) {
	C.cv_sparse_forward(o.set, C.int(lo), C.int(hi), C.int(b), C.int(h), C.int(blocks), i(bound), i(idx), f(val), f(w), f(bias), f(out))
}

// SortByGene is described at Ops.
func (native) SortByGene(n int, nz Nonzeros[float32], start []int32, sorted []Entry[float32]) {
	C.cv_sort_by_gene(C.int(len(nz.Lo)), C.int(n), i(nz.Lo), i(nz.Hi), i(nz.Idx), f(nz.Val), f(nz.Log), C.int32_t(nz.First),
		i(start), entries(sorted))
}

// SparseBackward is described at Ops.
func (o native) SparseBackward(n, h int, start []int32, sorted []Entry[float32], dout, dw []float32) {
	C.cv_sparse_backward(o.set, C.int(n), C.int(h), i(start), entries(sorted), f(dout), f(dw))
}

// SoftmaxBlock is described at Ops.
func (native) SoftmaxBlock(n, ld int, y, bias, max, sum []float32) {
	C.cv_softmax_block(C.int(n), C.int(ld), f(y), f(bias), f(max), f(sum))
}

// SoftmaxJoin is described at Ops.
func (native) SoftmaxJoin(blocks, ld int, max, sum, scale []float32) {
	C.cv_softmax_join(C.int(blocks), C.int(ld), f(max), f(sum), f(scale))
}

// SoftmaxBackward is described at Ops.
func (native) SoftmaxBackward(n, ld int, y, scale, a, s []float32, mean float32, db []float32) {
	C.cv_softmax_backward(C.int(n), C.int(ld), f(y), f(scale), f(a), f(s), C.float(mean), f(db))
}

// BatchNorm is described at Ops.
func (native) BatchNorm(b, h int, x, gamma, beta []float32, eps float32, mean, variance, xhat, y []float32) {
	C.cv_batchnorm(C.int(b), C.int(h), f(x), f(gamma), f(beta), C.float(eps), f(mean), f(variance), f(xhat), f(y))
}

// BatchNormBackward is described at Ops.
func (native) BatchNormBackward(b, h int, xhat, gamma, variance []float32, eps float32, dy, dgamma, dbeta, dx []float32) {
	C.cv_batchnorm_backward(C.int(b), C.int(h), f(xhat), f(gamma), f(variance), C.float(eps), f(dy), f(dgamma), f(dbeta), f(dx))
}

// Affine is described at Ops.
func (native) Affine(b, h int, scale, shift, x, y []float32) {
	C.cv_affine(C.int(b), C.int(h), f(scale), f(shift), f(x), f(y))
}

// ReLU is described at Ops.
func (native) ReLU(mask, y []float32) { C.cv_relu(C.int(len(y)), f(mask), f(y)) }

// ReLUBackward is described at Ops.
func (native) ReLUBackward(y, mask, dy []float32) {
	C.cv_relu_backward(C.int(len(dy)), f(y), f(mask), f(dy))
}

// Sum is described at Ops.
func (native) Sum(parts, n int, x, y []float32) { C.cv_sum(C.int(parts), C.int(n), f(x), f(y)) }

// Add is described at Ops.
func (native) Add(x, y []float32) { C.cv_add(C.int(len(y)), f(x), f(y)) }

// ColumnSums is described at Ops.
func (native) ColumnSums(b, n int, x, sum []float32) {
	C.cv_column_sums(C.int(b), C.int(n), f(x), f(sum))
}

// Adam is described at Ops and AdamStep.
func (o native) Adam(p, g, m, v []float32, s AdamStep) {
	C.cv_adam(o.set, C.int(len(p)), f(p), f(g), f(m), f(v), C.float(s.Beta1), C.float(s.Beta2), C.float(s.Decay),
		C.float(s.Step), C.float(s.Unbias), C.float(s.Eps))
}

// NewHalf gives the products of bfloat16 numbers; false where the processor has
// no instructions for them.
func NewHalf() (Half, bool) { return native{set: C.cv_best_set()}, C.cv_has_half() != 0 }

func u(x []uint32) *C.uint32_t { return (*C.uint32_t)(unsafe.SliceData(x)) }

// PairRows is described at Half.
func (native) PairRows(x []float32, y []uint32) { C.cv_pair_rows(C.int(len(x)), f(x), u(y)) }

// PairColumns is described at Half.
func (native) PairColumns(rows, cols int, x []float32, y []uint32) {
	C.cv_pair_columns(C.int(rows), C.int(cols), f(x), u(y))
}

// HalfProduct is described at Half.
func (native) HalfProduct(m, n, k int, a []uint32, ra, ca int, b []uint32, ldb int, c []float32, ldc int) {
	C.cv_half_product(C.int(m), C.int(n), C.int(k), u(a), C.int(ra), C.int(ca), u(b), C.int(ldb), f(c), C.int(ldc))
}
