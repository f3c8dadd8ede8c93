#!/usr/bin/env bash
# What `viash test` runs: the component over cells drawn by cellvi itself.
set -eo pipefail

## VIASH START
meta_executable=./cellvi_component
## VIASH END

fail() {
  echo "$1" >&2
  exit 1
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cellvi simulate --cells 300 --genes 60 --output cells.h5ad

echo ">> two layers of 16, a model, an own name in obsm"
"$meta_executable" --input cells.h5ad --modality rna --obs_batch batch --obs_labels label --output out/new.h5ad \
  --output_model out/model --obsm_output X_int --n_hidden_nodes 16 --n_dimensions_latent_space 4 --max_epochs 2 \
  --output_compression gzip --n_obs_min_count 10 --n_var_min_count 10
[ -f out/model/model.safetensors ] || fail "the model is missing"
cellvi inspect out/new.h5ad --batch-key batch >said.txt || fail "the output is no .h5ad that cellvi reads"
grep -q "300" said.txt || fail "cells were lost"

echo ">> the same again is the same bytes"
"$meta_executable" -i cells.h5ad --obs_batch batch --obs_labels label -o again.h5ad --obsm_output X_int \
  --n_hidden_nodes 16 --n_dimensions_latent_space 4 --max_epochs 2
cmp out/new.h5ad again.h5ad || fail "the second output differs"

echo ">> covariates, early stopping, all flags"
"$meta_executable" --input cells.h5ad --obs_batch batch --output flags.h5ad --max_epochs 1 --obs_categorical_covariate label \
  --dispersion gene-batch --gene_likelihood zinb --encode_covariates --deeply_inject_covariates --use_observed_lib_size \
  --use_layer_normalization none --use_batch_normalization both --early_stopping true --early_stopping_patience 3 \
  --reduce_lr_on_plateau false --lr_patience 5
[ -f flags.h5ad ] || fail "the output is missing"

echo ">> too few cells in a batch, a column that is not there: exit code 65, no output"
for flags in "--obs_batch batch --n_obs_min_count 200" "--obs_batch batch --n_var_min_count 60" "--obs_batch no_such"; do
  # $flags is several words
  # shellcheck disable=SC2086
  "$meta_executable" --input cells.h5ad --output bad.h5ad --max_epochs 1 $flags && fail "$flags: was not refused" || code=$?
  [ "$code" -eq 65 ] || fail "$flags: exit code $code"
  [ ! -e bad.h5ad ] || fail "$flags: left an output"
done
ls -A | grep -q '^\.cellvi-' && fail "a folder was left behind"
echo ">> passed"
