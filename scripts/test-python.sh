#!/bin/sh
# Runs the demo and reads its outputs with pandas, polars, pyarrow and anndata.
# usage: test-python.sh      after make build
set -eu
cd "$(dirname "$0")/.."

python=$(scripts/venv.sh)
scripts/demo.sh >demo.log 2>&1 || { cat demo.log >&2; rm -f demo.log; exit 1; }
mv demo.log demo/log.txt
"$python" testdata/check_outputs.py demo/cells.h5ad demo/results
