package kernel

// Half is matrix products of bfloat16 numbers, 8 bits of mantissa, with sums in
// float32: twice the speed of float32 where the processor has instructions for
// them. Numbers come in pairs that stand beside each other along the summed
// dimension, the first in the low half of a word.
type Half interface {
	// PairRows rounds x (rows, n) and pairs along a row: y (rows, n/2). Rows may
	// be taken as one; their length must be a multiple of 16.
	PairRows(x []float32, y []uint32)
	// PairColumns rounds x (rows, cols) and pairs rows: y (⌈rows/2⌉, cols), a
	// last single row with zeros. cols must be a multiple of 16.
	PairColumns(rows, cols int, x []float32, y []uint32)
	// HalfProduct is C (m, n) = A B over k pairs: element (i, p) of A at
	// a[i*ra+p*ca], B (k, n) and C row-major, ldb and ldc apart. n must be a
	// multiple of 32.
	HalfProduct(m, n, k int, a []uint32, ra, ca int, b []uint32, ldb int, c []float32, ldc int)
}
