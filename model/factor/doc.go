// Package factor is the latent factor model of log-normalized counts, fitted by
// variational inference.
//
//	y_ij = mu + a_i + b_j + A_i·B_j + e_ij        cell i, gene j, K factors
//	a_i ~ N(0, s_a²)   A_i ~ N(0, I)              the cell's effect and factors
//	b_j ~ N(0, s_b²)   B_jk ~ N(0, s_k²)          the gene's effect and loadings
//	e_ij ~ N(0, 1/tau_j)                          noise of each gene, or of all
//
// q is mean-field by blocks: every cell's (a_i, A_i) and every gene's (b_j, B_j)
// a Gaussian with full covariance; mu, the s² and tau are maximized (empirical
// Bayes), so that factors which nothing needs vanish (automatic relevance
// determination, Bishop 1999).
//
// # What makes it fast
//
// With x_i = (1, a_i, A_i) and w_j = (c_j, 1, B_j), c_j = mu + b_j, the mean of
// y_ij is x_i·w_j. All that the genes need to know of the cells is Statistics,
//
//	S = Σ_i E[x xᵀ],   Y_j = Σ_i y_ij E[x_i],   Σ_i y_ij²
//
// of which the last two are sums over counts that are not zero: log1p(0) = 0.
// A pass takes O(nonzeros·K + cells·K² + genes·K³), not cells × genes. Entries
// that are held out are taken out of every sum one by one: they are not zeros.
//
// # The two ways to fit
//
// Coordinate ascent takes the statistics of all cells, then the best q of the
// genes, then the best tau and s². Each raises the ELBO or leaves it. Stochastic
// variational inference (Hoffman, Blei, Wang & Paisley 2013, JMLR 14:1303) takes a
// minibatch's, times n/|B|, into an average that forgets at the rate rho: in the
// natural parameters of the genes, which are linear in the statistics, that is a
// natural-gradient step of length rho. A minibatch of all cells with rho = 1 is
// coordinate ascent, and the code is one.
//
// After every pass the solution is moved along the directions in which the
// likelihood does not change (align.go), to where the priors like it best: that takes
// a fifth of the passes on planted data, and makes factors principal axes, in order.
//
// Results have the same bits for any number of threads: work is cut in chunks of
// 128 cells and in ranges of genes, and sums are taken in their order.
//
//	options.go     what can be chosen, Source    statistics.go  what the genes need to know of the cells
//	genes.go       q of the genes                update.go      its best, and the priors' and the noise's
//	chunk.go       some cells, and their q       local.go       what all cells' q share
//	scatter.go     cells added to statistics     bound.go       the ELBO
//	fit.go         passes over all cells         minibatch.go   steps over some
//	start.go       where a fit begins            align.go       principal axes
//	posterior.go   what comes of it by cell      heldout.go     how entries held out are predicted
//	state.go       stopping, resuming, using     linalg.go, random.go, parallel.go
//
// Data in: a Source of sparse rows. Data out: Genes, Priors, and per cell means
// and variances. Imports no other package of cellvi; stages brings the counts.
package factor
