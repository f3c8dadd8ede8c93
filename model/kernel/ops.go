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

// TableSize is the number of values that Tables writes for n values of r.
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

// Likelihood names the distribution of a count given its mean mu.
type Likelihood int

// The likelihoods. theta = exp(r) is the negative binomial's inverse dispersion
// (variance mu + mu²/theta) and the normal's standard deviation; Poisson has none.
const (
	NB   Likelihood = iota
	ZINB            // zero-inflated by sigmoid(pi)
	Poisson
	Normal
	AutoZI // NB with probability Delta, else ZINB with pi's probability rescaled to be at least MinDropout
)

// Stripe is a few genes of a minibatch on their way through the likelihood: n
// genes below each other, ld = Pad(B) cells beside each other.
type Stripe[T Float] struct {
	N, LD  int
	Cells  int        // B: the columns beyond are nobody's
	Start  []int32    // as SortByGene writes it
	Sorted []Entry[T] // the block's counts
	Y      []T        // (n, ld) exponentials of logits, or shares
	Scale  []T        // (ld) what turns Y into shares rho
	Lib    []T        // (ld) mu = rho·Lib; 0 for cells that are nobody's
	A      []T        // (n, ld) counts, then mu dll/dmu
	LL, S  []T        // (ld) sums over genes, added to: log-likelihood; mu dll/dmu
	Late   []T        // (2·ld) room for Counts

	// theta is a gene's own where Codes is 1, else one of Codes values of the gene,
	// by the code of the cell; or each element's own where R is not nil.
	Codes int
	Code  []int32 // (ld) 0 … Codes−1; not read where Codes is 1
	Tab   []T     // of Tables(n·Codes), value j·Codes + code for gene j
	DR    []T     // (n·Codes), written: dll/dr summed over cells
	R     []T     // (n, ld) r without RBias; Likelihood replaces it by dll/dr
	RBias []T     // (n), nil: 0

	Pi     []T // (n, ld) logits of zero inflation without PiBias, then dll/dpi
	PiBias []T // (n), nil: 0

	// AutoZI only: probability of no zero inflation, by gene and code as theta's.
	DeltaCodes int
	DeltaCode  []int32 // (ld); not read where DeltaCodes is 1
	Delta      []T     // (n·DeltaCodes)
	DDelta     []T     // (n·DeltaCodes), written: dll/dDelta summed over cells
	MinDropout T
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
	// Tables writes what Counts and Likelihood need of n values of r = log theta
	// where theta is not each element's own: TableSize(n) values.
	Tables(n int, r, tab []T)
	// Counts spreads the counts of a stripe's genes out to A, zeros included. It adds
	// the terms that have no mean, the gamma functions', to LL, and writes DR, or where
	// theta is each element's own DR (n, ld), the derivatives in r = log theta of
	// these terms.
	Counts(l Likelihood, s *Stripe[T])
	// Likelihood takes the expected shares rho = Y·Scale, mu = rho·Lib. After Counts
	// it makes LL whole, adds what is missing to DR, replaces A by mu dll/dmu, adds
	// that one's sum over genes to S, and replaces Pi by dll/dpi.
	Likelihood(l Likelihood, s *Stripe[T])
	// SoftmaxBackward turns a (n, ld) into the logits' gradient (rho·S − a)·mean,
	// S (ld) now summed over all blocks, and writes its sums over cells db (n).
	SoftmaxBackward(n, ld int, y, scale, a, s []T, mean T, db []T)
	// SoftplusBlock replaces the logits y (n, ld) by log(1 + exp(y + bias)).
	SoftplusBlock(n, ld int, y, bias []T)
	// SoftplusBackward turns a (n, ld), mu dll/dmu, into the logits' gradient
	// −a·sigmoid/rho·mean, given rho = y, and writes its sums over cells db (n).
	SoftplusBackward(n, ld int, y, a []T, mean T, db []T)
	// ScaleRows is x (n, ld) *= by, and writes its sums over cells (n).
	ScaleRows(n, ld int, by T, x, sum []T)
	// Squares adds, over n genes, the products of their tangents t (l, n, ld), weighted by
	// w (n, ld), to sums ((l+1)(l+2)/2, ld): pair (i, j ≤ i) at row i(i+1)/2+j, where
	// tangent l is 1. It adds rho·t, with rho = y·scale, to mean (l, ld).
	Squares(n, ld, l int, t, y, scale, w, sums, mean []T)
	// RowNorm normalizes each row of y (n, ld) by its mean and biased variance over
	// the first b cells, both written (n): xhat (n, ld), y = gamma xhat + beta, both
	// 0 in columns b … ld−1.
	RowNorm(n, ld, b int, y, gamma, beta []T, eps T, mean, variance, xhat []T)
	// RowNormBackward turns a (n, ld), the gradient at y, into that before the
	// norm, and writes those of gamma and beta (n).
	RowNormBackward(n, ld, b int, xhat, gamma, variance []T, eps T, a, dgamma, dbeta []T)
	// RowAffine is y (n, ld) = scale·y + shift, scale and shift (n).
	RowAffine(n, ld int, scale, shift, y []T)
	// LayerNorm normalizes each row of x (B, H) by its mean and biased variance:
	// y = (x−mean)·inv with inv (B) = 1/sqrt(variance+eps).
	LayerNorm(b, h int, x []T, eps T, inv, y []T)
	// LayerNormBackward turns dy into the gradient before LayerNorm, given its y and inv;
	// dx may be dy.
	LayerNormBackward(b, h int, y, inv, dy, dx []T)

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
