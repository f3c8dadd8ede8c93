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

// eps is added inside the logarithms of the negative binomial, as scvi-tools does.
const eps = 1e-8

// Nonzeros is the nonzero counts of a minibatch that fall in one block of
// genes: those of cell b are Idx[Lo[b]:Hi[b]] with the values beside them.
// Idx counts genes from 0 over all blocks, First is the block's first gene.
type Nonzeros[T Float] struct {
	First  int32
	Lo, Hi []int32
	Idx    []int32
	Val    []T
}

// Ops is the hot loops. Slices hold at least the shapes named; none may overlap
// unless said. Calls from several goroutines may run at once.
type Ops[T Float] interface {
	// Gemm is C = alpha op(A) op(B) + beta C with op(A) (m, k), op(B) (k, n), row-major.
	Gemm(transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int)

	// SparseForward writes out[b] = Σ_i val[i] w[idx[i]], i over cell b's ptr
	// range, for cells lo ≤ b < hi. w is (genes, H), out (B, H).
	SparseForward(lo, hi, h int, ptr, idx []int32, val, w, out []T)
	// SparseBackward writes dw (n, H), the gradient of the block's rows of w:
	// dw[g] = Σ_b val[b,g] dout[b]. dout is (B, H).
	SparseBackward(b, n, h int, nz Nonzeros[T], dout, dw []T)

	// SoftmaxBlock adds bias (n) to the logits y (B, n), writes each row's
	// maximum, replaces y by exp(y − max) and writes each row's sum of it.
	SoftmaxBlock(b, n int, y, bias, max, sum []T)
	// NBTables writes what NBBlock needs of the genes' r = log theta (n).
	NBTables(n int, r, tab []T)
	// NBBlock takes y from SoftmaxBlock and turns it into rho = y·scale[b].
	// With mu = rho·lib[b] and ll = NB(x; mu, theta) summed over the block's
	// genes it writes ll (B), a = mu dll/dmu (B, n), S = Σ a over the block (B)
	// and dr = dll/dr summed over cells (n).
	NBBlock(b, n int, y, scale, lib, tab []T, nz Nonzeros[T], a, dr, ll, s []T)
	// SoftmaxBackward turns a (B, n) into the logits' gradient (rho·S − a)·scale,
	// S now summed over all blocks, and writes its column sums db (n).
	SoftmaxBackward(b, n int, rho, a, s []T, scale T, db []T)

	// BatchNorm normalizes x (B, H) by the minibatch's mean and biased
	// variance, both written (H), xhat = (x−mean)/sqrt(var+eps), y = gamma xhat + beta.
	BatchNorm(b, h int, x, gamma, beta []T, eps T, mean, variance, xhat, y []T)
	// BatchNormBackward writes the gradients of gamma, beta (H) and x (B, H);
	// dx may be dy.
	BatchNormBackward(b, h int, xhat, gamma, variance []T, eps T, dy, dgamma, dbeta, dx []T)
	// ReLU is y = max(y, 0)·mask in place; mask holds dropout's 0 or 1/(1−p).
	ReLU(mask, y []T)
	// ReLUBackward turns dy into the gradient at ReLU's input, given its output y.
	ReLUBackward(y, mask, dy []T)
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
