#!/bin/sh
# Draws cells from the model, runs cellvi over them, and says what came out.
# usage: demo.sh      after make build
set -eu
cd "$(dirname "$0")/.."

rm -rf demo
mkdir demo
began=$(date +%s)

bin/cellvi simulate --output demo/cells.h5ad
bin/cellvi inspect demo/cells.h5ad
bin/cellvi run --input demo/cells.h5ad --batch-key batch --labels-key label --outdir demo/results

# last prints the last epoch's ELBO of a curve in cellvi_mqc.json.
last() {
	sed -n "s/.*\"$1: [^\"]*\":\[\(\[[^]]*\],\)*\[[0-9]*,\([0-9.]*\)\]\].*/\2/p" demo/results/cellvi_mqc.json
}

# value prints a number or a word of the run's row in cellvi_table_mqc.json.
value() {
	sed -n "s/.*\"data\":.*\"$1\":\"*\([^,}\"]*\).*/\1/p" demo/results/cellvi_table_mqc.json
}

seconds=$(($(date +%s) - began))
cat <<SAY

Done in $seconds seconds, on $(nproc 2>/dev/null || echo "some") cores.

What it found
  $(value cells) cells, $(value genes) genes, $(value epochs) epochs; training: $(value training)
  Batches mixed $(value ilisi) (iLISI), labels separated $(value clisi) (cLISI); 1 is best
  ELBO at the end, a loss per cell: $(last train) in training, $(last validation) on held-out cells

Where to look, in demo/results
  report.html              the page for people: open it in a browser
  latent.parquet           the embedding: pd.read_parquet("demo/results/latent.parquet")
  reconstruction/          expected counts and inverse dispersions
  genes.parquet, history.parquet, model/, run.json
SAY
