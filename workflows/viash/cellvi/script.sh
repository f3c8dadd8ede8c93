#!/usr/bin/env bash
# Runs cellvi with openpipelines' arguments. viash puts them into par_*: unset
# where not given; several values as an array, or joined by ";" before viash 0.10.
set -eo pipefail

## VIASH START
par_input=input.h5ad
par_output=output.h5ad
par_obs_batch=sample_id
## VIASH END

# joined gives several values with commas between, as cellvi takes them.
joined() {
  local IFS=,
  echo "${*//;/,}"
}

# Beside the output, so that it takes its place by renaming.
mkdir -p "$(dirname "$par_output")"
outdir=$(mktemp -d "$(dirname "$par_output")/.cellvi-XXXXXX")
trap 'rm -rf "$outdir"' EXIT

reading=(--batch-key "$par_obs_batch")
[ -z "$par_input_layer" ] || reading+=(--layer "$par_input_layer")
[ -z "$par_var_gene_names" ] || reading+=(--gene-id "$par_var_gene_names")
[ -z "$par_var_input" ] || reading+=(--keep-genes "$par_var_input")

# refuse_fewer ends with exit code 65 where a number is not above the least.
refuse_fewer() { # what number least flag
  if [ "$2" -le "$3" ]; then
    echo "$par_input: $1: $2, which is not more than $4 $3" >&2
    exit 65
  fi
}

if [ "${par_n_obs_min_count:-0}" -gt 0 ] || [ "${par_n_var_min_count:-0}" -gt 0 ]; then
  cellvi inspect "$par_input" "${reading[@]}" --format json >"$outdir/inspect.json"
  genes=$(sed -n 's/^  "genes": \([0-9]*\),$/\1/p' "$outdir/inspect.json")
  refuse_fewer "genes" "$genes" "${par_n_var_min_count:-0}" --n_var_min_count
  # The least of the batches; inspect counts the levels of columns that have up to 100.
  cells=$(COLUMN=$par_obs_batch awk '
    /^  "obs": / { obs = 1 } /^  "var": / { obs = 0 }
    /^      "name": / { name = $0; sub(/^ *"name": "/, "", name); sub(/",$/, "", name) }
    obs && name == ENVIRON["COLUMN"] && /"cells": / { if (least == "" || $2 + 0 < least) least = $2 + 0 }
    END { print least }' "$outdir/inspect.json")
  [ -z "$cells" ] || refuse_fewer "cells of the smallest batch in obs $par_obs_batch" "$cells" "${par_n_obs_min_count:-0}" --n_obs_min_count
fi

args=()
[ -z "$par_obs_labels" ] || args+=(--labels-key "$par_obs_labels")
[ -z "$par_obs_size_factor" ] || args+=(--size-factor-key "$par_obs_size_factor")
[ -z "$par_obs_categorical_covariate" ] || args+=(--categorical-covariate-keys "$(joined "${par_obs_categorical_covariate[@]}")")
[ -z "$par_obs_continuous_covariate" ] || args+=(--continuous-covariate-keys "$(joined "${par_obs_continuous_covariate[@]}")")

[ -z "$par_n_hidden_nodes" ] || args+=(--n-hidden "$par_n_hidden_nodes")
[ -z "$par_n_dimensions_latent_space" ] || args+=(--n-latent "$par_n_dimensions_latent_space")
[ -z "$par_n_hidden_layers" ] || args+=(--n-layers "$par_n_hidden_layers")
[ -z "$par_dropout_rate" ] || args+=(--dropout-rate "$par_dropout_rate")
[ -z "$par_dispersion" ] || args+=(--dispersion "$par_dispersion")
[ -z "$par_gene_likelihood" ] || args+=(--gene-likelihood "$par_gene_likelihood")
[ -z "$par_use_layer_normalization" ] || args+=(--use-layer-norm "$par_use_layer_normalization")
[ -z "$par_use_batch_normalization" ] || args+=(--use-batch-norm "$par_use_batch_normalization")
[ "$par_encode_covariates" = false ] || args+=(--encode-covariates)
[ "$par_deeply_inject_covariates" = true ] || args+=(--no-deeply-inject-covariates)
[ "$par_use_observed_lib_size" = true ] || args+=(--no-use-observed-lib-size)

[ "$par_early_stopping" != true ] || args+=(--early-stopping)
[ -z "$par_early_stopping_monitor" ] || args+=(--early-stopping-monitor "$par_early_stopping_monitor")
[ -z "$par_early_stopping_patience" ] || args+=(--early-stopping-patience "$par_early_stopping_patience")
[ -z "$par_early_stopping_min_delta" ] || args+=(--early-stopping-min-delta "$par_early_stopping_min_delta")

[ -z "$par_max_epochs" ] || args+=(--max-epochs "$par_max_epochs")
[ "$par_reduce_lr_on_plateau" != true ] || args+=(--reduce-lr-on-plateau)
[ -z "$par_lr_factor" ] || args+=(--lr-factor "$par_lr_factor")
[ -z "$par_lr_patience" ] || args+=(--lr-patience "${par_lr_patience%%.*}") # whole epochs; viash writes 30.0
[ -z "$par_seed" ] || args+=(--seed "$par_seed")
[ -z "$meta_cpus" ] || args+=(--threads "$meta_cpus")


cellvi run --input "$par_input" "${reading[@]}" "${args[@]}" --outdir "$outdir" --no-reconstruct \
  --write-h5ad "$outdir/output.h5ad" --obsm-key "${par_obsm_output:-X_scvi_integrated}" --overwrite-keys

mv "$outdir/output.h5ad" "$par_output"
if [ -n "$par_output_model" ]; then
  mkdir -p "$(dirname "$par_output_model")"
  rm -rf "$par_output_model"
  mv "$outdir/model" "$par_output_model"
fi
