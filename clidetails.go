package main

// detailOf says what a command reads and writes, beside its first line.
func detailOf(command string) string {
	return map[string]string{
		"run": "Reads the inputs, and writes to OUTDIR store/, prepared/, model/, history.parquet, genes.parquet, latent.parquet, reconstruction/, " +
			"report.html, cellvi_mqc.json, cellvi_table_mqc.json and run.json; with --check also check.parquet and check.json. Given again, it goes on where it was, and does only what is not done.",
		"ingest":  "Reads the inputs and writes OUTDIR/store. Counts that are negative, infinite or not whole are refused, with their place in the file.",
		"prepare": "Reads OUTDIR/store and writes OUTDIR/prepared. The counts stay as they are, in the store.",
		"train": "Reads OUTDIR/store and OUTDIR/prepared, and writes OUTDIR/model, history.parquet and genes.parquet. While it trains, " +
			"checkpoint.safetensors holds its state: after a stop the same command goes on from there.",
		"embed": "Reads OUTDIR/store, prepared and model, and writes OUTDIR/latent.parquet: a row for each cell that was kept. With --refine also " +
			"refined.parquet: covariances, and bounds before and after. While it refines, refining.partial holds what is done: after a stop the same command goes on from there.",
		"query": "Reads the reference and the new cells, and writes to OUTDIR store/, prepared/, model/ and latent.parquet. The reference " +
			"and the latent of its own cells stay as they are.",
		"reconstruct": "Reads OUTDIR/store, prepared and model, and writes OUTDIR/reconstruction: a table of cells × genes, which is large, and one of genes.",
		"gather": "Reads latent.parquet and reconstruction/ of each part, whichever there are, and writes them to OUTDIR, with the same bytes as one process would. " +
			"Parts that are missing, given twice, or of another run are refused.",
		"posterior": posteriorDetail,
		"check": "Reads OUTDIR/store, prepared, model and history.parquet, and writes OUTDIR/check.parquet, a row for each cell that is checked, and check.json, " +
			"with figures by batch and label and the verdict, which is told in the log too. `cellvi report` then shows it. While it runs, checking.partial holds what is measured: " +
			"after a stop the same command goes on from there.",
		"export": "Reads OUTDIR/model and history.parquet, and writes the folder with model.pt, by a Python that has scvi-tools.",
		"import": "Reads what scvi-tools saved, by a Python that has it, and writes OUTDIR/model, history.parquet and genes.parquet, as train does.",
		"de":     "Reads OUTDIR/store, prepared and model, and writes OUTDIR/de.parquet: a row for each comparison and gene.",
		"anomaly": "Reads OUTDIR/store, prepared and model, and writes OUTDIR/anomaly: the counts that were found, a row for each cell and each gene, " +
			"and how many counts lie in their predictive intervals. While it runs, judging.partial holds what is judged: after a stop the same command goes on from there.",
		"factor": "Reads OUTDIR/store and prepared, and writes OUTDIR/factor: each cell's and gene's effect and factors with their variances, " +
			"an embedding as latent.parquet has it, and the model. After a stop the same command goes on from factor_checkpoint.safetensors.",
		"rank-genes": "Reads OUTDIR/store, prepared and model, and writes OUTDIR/rank_genes.parquet, a row for each group and gene, " +
			"rank_genes_neighbours.parquet, the genes that move with each group's first genes, and rank_genes_groups.parquet, a row for each group.",
		"report":   "Reads OUTDIR/prepared, model, history.parquet, latent.parquet, run.json, and check.json where there is one, and writes OUTDIR/report.html, and for MultiQC cellvi_mqc.json and cellvi_table_mqc.json.",
		"inspect":  "Reads the files whole and writes nothing: what is found goes to standard output. The exit code is 65 where a run would refuse them.",
		"simulate": "Reads nothing and writes one file or folder, with the batches, labels and latent that the cells were drawn from.",
		"config": "What is printed is taken by --config as it is, once what is required is filled in. Lines with an option and its default " +
			"are commented out: removing the # does not change a thing until the value is changed.",
		"completion": "The script is static: print it again after an update of cellvi.",
	}[command]
}

const posteriorDetail = `Reads OUTDIR/store, prepared and model, and writes to OUTDIR/posterior, for each kind that is named:

  normalized-expression  expected shares of each cell's counts, cells × genes, as of any batch
  likelihood-parameters  mean, dispersion and dropout of each count
  latent                 means, variances and draws of the latent
  library                the library size that the model takes for each cell
  predictive             counts drawn from the model
  elbo, marginal-ll      lower bound and estimate of each cell's log-likelihood
  correlation            of genes, over draws
  ppc                    how drawn counts compare with the counts`
