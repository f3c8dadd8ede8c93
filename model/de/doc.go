// Package de is the mathematics of Bayesian differential expression, as
// scvi-tools' differential_expression has it (Lopez et al. 2018,
// doi 10.1038/s41592-018-0229-2; Boyeau et al. 2019, doi 10.1101/794289).
//
// A group of cells has a posterior of each gene's expected share of the counts:
// of a cell of the group, any with the same weight, the share rho decoded from a
// draw of z ~ q(z|x). Two groups are compared by pairs of such draws, x of the first
// and y of the second, independent of each other:
//
//	vanilla  p_m1 = P(x > y), p_m2 = 1 − p_m1
//	change   lfc  = log2(x+c) − log2(y+c)
//	         p+   = P(lfc ≥ delta), p− = P(lfc < −delta)
//	         p_de = max(p+, p−) (three hypotheses) or p+ + p− (two)
//
// and the Bayes factor is log(p+ε) − log(1−p+ε), ε = 1e-8, in both. scvi-tools
// estimates the probabilities by m pairs. Here every one of m draws of x is compared
// with every one of m of y, and the draws are spread evenly over the cells: the same
// numbers are estimated, from as many draws, with a fifth of the error on real
// data. Each comes with its Monte Carlo error: see Probability.
//
//	design.go        which cells are drawn from, and the error that comes of it
//	pairs.go         draws of two groups, probabilities, Bayes factors
//	shares.go        the share of all pairs, by one walk along sorted draws
//	vanilla.go       which group has more
//	change.go        whether the difference is larger than delta
//	describe.go      mean, median, deviation, range of fold changes
//	pseudocounts.go  c, from genes that are not expressed
//	delta.go         delta, from the fold changes of all genes
//	mixture.go       the mixture of normals that delta is read from
//	clusters.go      where its fit begins
//	fdr.go           how many of the best genes to report
//
// Data in: draws of one gene, float32. Data out: numbers. Sums are taken in the
// pairs' order, so that results are the same however genes are spread over
// threads. It imports nothing of cellvi; stages imports it.
package de
