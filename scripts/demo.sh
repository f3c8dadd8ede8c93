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
	awk -v curve="\"cellvi $1\":" 'index($0, curve) { on = 1; next }
		on && /}/ { exit }
		on { sub(/.*: */, ""); sub(/,.*/, ""); v = $0 }
		END { print v }' demo/results/cellvi_mqc.json
}

seconds=$(($(date +%s) - began))
cat <<SAY

Done in $seconds seconds, on $(nproc 2>/dev/null || echo "some") cores.

What it found
  $(sed -n 's/^ *"description": "\(.*\)",$/\1/p' demo/results/cellvi_mqc.json)
  ELBO at the end, a loss per cell: $(last train) in training, $(last validation) on held-out cells

Where to look, in demo/results
  report.html              the page for people: open it in a browser
  latent.parquet           the embedding: pd.read_parquet("demo/results/latent.parquet")
  reconstruction/          expected counts and inverse dispersions
  genes.parquet, history.parquet, model/, run.json
SAY
