package main

import "strings"

const examples = `
  cellvi inspect cells.h5ad
  cellvi run --input cells.h5ad --batch-key sample --outdir results
  cellvi run --config run.yaml --dry-run
  cellvi run --config run.yaml
  cellvi train --outdir results --max-epochs 100
  cellvi query results/model new.h5ad --outdir mapped
  cellvi de --outdir results --groupby cell_type --group1 'B cells'
`

// examplesOf are those of one command, each line ready to be typed; those of the
// program where the command has none.
func examplesOf(command string) string {
	for _, of := range []map[string][]string{stageExamples(), moreExamples()} {
		if own := of[command]; len(own) > 0 {
			return "\n  " + strings.Join(own, "\n  ") + "\n"
		}
	}
	return examples
}

// stageExamples are those of the way from files to an embedding.
func stageExamples() map[string][]string {
	return map[string][]string{
		"run": {
			"cellvi run --input cells.h5ad --batch-key sample --n-top-genes 2000 --outdir results",
			"cellvi run -i a.h5ad -i b/filtered_feature_bc_matrix --batch-key input --gene-id gene_ids",
			"cellvi run --input cells.h5ad --write-h5ad embedded.h5ad --no-reconstruct",
			"cellvi run --input cells.h5ad --refine full --check",
			"cellvi config > run.yaml; cellvi run --config run.yaml --dry-run; cellvi run --config run.yaml",
		},
		"ingest": {
			"cellvi ingest --input cells.h5ad --layer counts --outdir results",
			"cellvi ingest -i a/store -i b/store --outdir joined",
			"cellvi ingest -i counts.csv.gz --transpose --obs cells.csv --keep 'doublet == False'",
		},
		"prepare": {
			"cellvi prepare --outdir results --batch-key sample --labels-key cell_type --n-top-genes 2000",
			"cellvi prepare --store shared/store --outdir second --genes genes.txt --split split.csv",
		},
		"train": {
			"cellvi train --outdir results --max-epochs 100 --n-latent 20",
			"cellvi train --outdir results --gene-likelihood zinb --early-stopping --memory 4GB",
			"cellvi train --store a/store --prepared a/prepared --outdir b --dispersion gene-batch",
		},
		"embed": {
			"cellvi embed --outdir results --latent-var",
			"cellvi embed --outdir results --refine full --latent-var",
			"cellvi embed --outdir results --write-h5ad embedded.h5ad --write-obs",
			"cellvi embed --store a/store --prepared a/prepared --model a/model --outdir part3 --part 3/8",
		},
		"query": {
			"cellvi query results/model new.h5ad --outdir mapped",
			"cellvi query results new.h5ad --outdir mapped --batch-key donor --epochs 0",
		},
		"reconstruct": {
			"cellvi reconstruct --outdir results --reconstruct px_scale",
			"cellvi reconstruct --outdir results --reconstruct-genes markers.txt",
		},
		"gather": {
			"cellvi gather part1 part2 part3 --outdir results",
		},
	}
}

// moreExamples are those of what comes before and after, and of the program itself.
func moreExamples() map[string][]string {
	return map[string][]string{
		"posterior": {
			"cellvi posterior normalized-expression --outdir results --transform-batch all --library-size 10000",
			"cellvi posterior elbo marginal-ll --outdir results --n-samples 500",
			"cellvi posterior ppc --outdir results --gene CD3D,MS4A1 --keep 'cell_type == B'",
		},
		"check": {
			"cellvi check --outdir results",
			"cellvi check --outdir results --cells all --max-cells 20000 --refine flow",
			"cellvi check --store new/store --prepared new/prepared --model results/model --outdir new",
		},
		"export": {
			"cellvi export model_for_python --outdir results --python /opt/scvi/bin/python",
		},
		"import": {
			"cellvi import saved_scvi_model --outdir imported",
		},
		"de": {
			"cellvi de --outdir results --groupby cell_type --group1 'B cells' --mode change",
			"cellvi de --outdir results --groupby cell_type --group1 B --group2 T --batch-correction",
		},
		"anomaly": {
			"cellvi anomaly --outdir results --fdr 0.01",
			"cellvi anomaly --outdir results --tail upper --family expressed --keep 'cell_type == B'",
		},
		"factor": {
			"cellvi factor --outdir results --n-factors 20",
			"cellvi factor --outdir results --method svi --minibatch-cells 4096 --memory 2GB",
			"cellvi report --outdir results --latent results/factor/latent.parquet",
		},
		"rank-genes": {
			"cellvi rank-genes --outdir results --groupby cell_type",
			"cellvi rank-genes --outdir results --groupby cell_type --group1 'B cells' --group2 'T cells' --transform-batch all",
			"cellvi rank-genes --outdir results --cells chosen.txt --neighbours 20",
		},
		"report": {
			"cellvi report --outdir results --title 'Lung, 12 donors'",
		},
		"inspect": {
			"cellvi inspect cells.h5ad --batch-key sample",
			"cellvi inspect a.h5 b.h5 --gene-id gene_ids --format json",
		},
		"simulate": {
			"cellvi simulate --output drawn.h5ad --cells 5000 --genes 1000",
			"cellvi simulate --output store --cells 1000000 --n-batches 8",
		},
		"config": {
			"cellvi config > run.yaml",
			"cellvi config train > train.yaml",
		},
		"completion": {
			"source <(cellvi completion bash)",
			"cellvi completion bash > ~/.local/share/bash-completion/completions/cellvi",
			"cellvi completion zsh > \"${fpath[1]}/_cellvi\"",
			"cellvi completion fish > ~/.config/fish/completions/cellvi.fish",
		},
		"man": {
			"cellvi man | man -l -",
			"cellvi man > ~/.local/share/man/man1/cellvi.1",
		},
	}
}
