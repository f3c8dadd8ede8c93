// Package hvg selects highly variable genes from raw counts, as scanpy's
// highly_variable_genes(flavor="seurat_v3") does.
//
// It takes two passes over the counts, each a stream of cells in any pieces:
//
//	m := hvg.NewMoments(genes, batches, threads)
//	for each piece: m.Add(indptr, genes, counts, batch)     // first pass
//	c, err := m.Fit(hvg.Options{Span: 0.3, Keep: keep})
//	for each piece: c.Add(indptr, genes, counts, batch)     // second pass
//	r := c.Select(2000)
//
// The first pass gives each gene's mean and variance in each batch. Fit
// regresses log10 variance on log10 mean over the genes of a batch (see
// Loess), which gives each gene the standard deviation σ expected at its mean.
// The second pass sums the counts clipped at mean + σ√N, which gives each gene
// the variance of its standardized counts. Select ranks the genes by it within
// each batch and orders them by the median of the ranks.
//
// "Batch" here is the covariate (a sample, a donor), never a minibatch.
//
// Data in: sparse counts of cells, one small integer a cell for its batch.
// Data out: means, variances, normalized variances, ranks, the selected genes.
// The results are the same for any number of threads and any cut into pieces.
// stages imports this package; it imports gonum and nothing of cellvi.
//
// Sources: Stuart et al., Cell 177 (2019) 1888, Methods, "Feature selection";
// scanpy 1.11.5, preprocessing/_highly_variable_genes.py,
// _highly_variable_genes_seurat_v3, whose results these are.
package hvg
