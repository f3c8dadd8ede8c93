package kernel

// Float is the number types the model runs in: float32 for work, float64 for
// finite differences.
type Float interface{ float32 | float64 }

// BlockSize is the most genes a block holds. Blocks of 256 keep the logits,
// weights and gradients of a block (about 400 kB) in one core's second-level
// cache.
const BlockSize = 256

// TableCounts is the number of small counts, 0 … TableCounts−1, whose gamma
// terms are tabulated per gene.
const TableCounts = 16

// TableSize is the number of values that NBTables writes for n genes.
func TableSize(n int) int { return (3 + 2*TableCounts) * n }

// Pad is the cells of a head's row for a minibatch of b cells: whole tiles.
func Pad(b int) int { return (b + 31) / 32 * 32 }

// eps is added inside the logarithms of the negative binomial, as scvi-tools does.
const eps = 1e-8

// Nonzeros is the nonzero counts of a minibatch that fall in one block of
// genes: those of cell b are Idx[Lo[b]:Hi[b]], ascending, with the values beside
// them. Idx counts genes from 0 over all blocks, First is the block's first gene.
type Nonzeros[T Float] struct {
	First    int32
	Lo, Hi   []int32
	Idx      []int32
	Val, Log []T // count, log(1 + count)
}

// Len is the number of counts.
func (z Nonzeros[T]) Len() int {
	n := 0
	for b, lo := range z.Lo {
		n += int(z.Hi[b] - lo)
	}
	return n
}

// Entry is a nonzero count of a gene.
type Entry[T Float] struct {
	Cell     int32
	Val, Log T // count, log(1 + count)
}

// Ops is the hot loops. Slices hold at least the shapes named; none may overlap
// unless said. Calls from several goroutines may run at once.
//
// The head's matrices are (genes, ld): a gene's row has the B cells of the
// minibatch, then up to ld = Pad(B) cells that are nobody's: without counts and
// with library size 0, they add nothing to any sum.
type Ops[T Float] interface {
	// Gemm is C = alpha op(A) op(B) + beta C with op(A) (m, k), op(B) (k, n), row-major.
	Gemm(transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int)

	// Product is C = A B with B (k, n) and C (m, n) row-major, ldb and ldc apart,
	// and element (i, p) of A (m, k) at a[i*ra+p*ca], one of ra, ca being 1.
	Product(m, n, k int, a []T, ra, ca int, b []T, ldb int, c []T, ldc int)
	// Transpose is y (cols, ld) = xᵀ of x (rows, cols), zero in columns rows … ld−1.
	Transpose(rows, cols, ld int, x, y []T)

	// Unpack writes a cell's genes, counts and log(1 + count) from their compact
	// form, and returns its counts' sum; logs (256) is log(1 + x).
	Unpack(genes []uint16, counts []uint8, logs []T, idx []int32, val, log []T) int
	// Dropout writes mask: 0 where the hash of key and place first, first+1, … is
	// below rate·2³², else 1/(1−rate).
	Dropout(key uint64, first int, rate float64, mask []T)

	// SparseForward writes out[b] = bias + Σ_i val[i] w[idx[i]], for cells
	// lo ≤ b < hi, i over the counts of cell b: from bound[0, b] to
	// bound[blocks, b], cut at bound[k, b]; bound is (blocks+1, B). w is
	// (genes, H), bias (H), out (B, H).
	SparseForward(lo, hi, b, h, blocks int, bound, idx []int32, val, w, bias, out []T)
	// SortByGene brings the block's counts in the order of its n genes, cells
	// ascending within a gene: those of gene j are sorted[start[j]:start[j+1]].
	SortByGene(n int, nz Nonzeros[T], start []int32, sorted []Entry[T])
	// SparseBackward writes dw (n, H), the gradient of the block's rows of w:
	// dw[g] = Σ_b log[b,g] dout[b]. dout is (B, H).
	SparseBackward(n, h int, start []int32, sorted []Entry[T], dout, dw []T)

	// SoftmaxBlock adds bias (n) to the logits y (n, ld), writes each cell's
	// maximum (ld), replaces y by exp(y − max) and writes each cell's sum of it (ld).
	SoftmaxBlock(n, ld int, y, bias, max, sum []T)
	// SoftmaxJoin takes the maxima and sums of all blocks (blocks, ld) and
	// writes what turns each block's exponentials into shares (blocks, ld).
	SoftmaxJoin(blocks, ld int, max, sum, scale []T)
	// NBTables writes what NBCounts and NBBlock need of the genes' r = log theta (n).
	NBTables(n int, r, tab []T)
	// NBCounts spreads the counts of n genes out to x (n, ld), zeros included. It
	// adds the terms of theta and x alone, the gamma functions', to ll (ld), and
	// writes their derivatives in r summed over cells, dr (n).
	NBCounts(n, ld int, tab []T, start []int32, sorted []Entry[T], x, dr, ll []T)
	// NBBlock takes the exponentials y (n, ld): rho = y·scale, mu = rho·lib. It adds
	// to ll and dr the terms that have mu, so that after NBCounts ll has
	// NB(x; mu, theta) and dr its derivative in r; it replaces x in a (n, ld) by
	// mu dll/dmu and adds that one's sum over genes to s (ld).
	NBBlock(n, ld int, y, scale, lib, tab, a, dr, ll, s []T)
	// SoftmaxBackward turns a (n, ld) into the logits' gradient (rho·S − a)·mean,
	// S (ld) now summed over all blocks, and writes its sums over cells db (n).
	SoftmaxBackward(n, ld int, y, scale, a, s []T, mean T, db []T)

	// BatchNorm normalizes x (B, H) by the minibatch's mean and biased
	// variance, both written (H), xhat = (x−mean)/sqrt(var+eps), y = gamma xhat + beta.
	BatchNorm(b, h int, x, gamma, beta []T, eps T, mean, variance, xhat, y []T)
	// BatchNormBackward writes the gradients of gamma, beta (H) and x (B, H);
	// dx may be dy.
	BatchNormBackward(b, h int, xhat, gamma, variance []T, eps T, dy, dgamma, dbeta, dx []T)
	// Affine is y = scale·x + shift of x (B, H), scale and shift (H).
	Affine(b, h int, scale, shift, x, y []T)
	// ReLU is y = max(y, 0)·mask in place; mask holds dropout's 0 or 1/(1−p), or
	// is nil where there is no dropout.
	ReLU(mask, y []T)
	// ReLUBackward turns dy into the gradient at ReLU's input, given its output y.
	ReLUBackward(y, mask, dy []T)
	// Sum is y (n), the sum of the rows of x (parts, n) in order.
	Sum(parts, n int, x, y []T)
	// Add is y += x.
	Add(x, y []T)
	// ColumnSums writes sum (n), the sums over rows of x (b, n).
	ColumnSums(b, n int, x, sum []T)

	// Adam moves p by one step given its gradient g: see AdamStep.
	Adam(p, g, m, v []T, s AdamStep)
}

// AdamStep holds the scalars of Adam's t-th step (Kingma & Ba 2015, with the
// L2-coupled weight decay of PyTorch's Adam): g += Decay p; m, v are the moving
// averages of g and g²; p −= Step m / (sqrt(v) Unbias + Eps) with
// Step = lr/(1−Beta1^t) and Unbias = 1/sqrt(1−Beta2^t).
type AdamStep struct {
	Beta1, Beta2, Decay, Step, Unbias, Eps float64
}
