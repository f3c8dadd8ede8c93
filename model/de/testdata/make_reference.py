#!/usr/bin/env python3
"""Writes reference.json: what scvi-tools 1.4.2 computes of given draws and counts.

usage: python make_reference.py     with a Python that has scvi-tools 1.4.2

The draws of shares, their batches, and the counts are random but small, and are in the file too. scvi-tools' own
functions are called: DifferentialComputation.get_bayes_factors over a stand-in for the model that gives these draws, once
pair by pair, and once with every draw of one group beside every one of the other (in each batch), _fdr_de_prediction, scrna_raw_counts_properties, and estimate_delta with scikit-learn's generator seeded in 20 ways.
"""
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy.sparse import csr_matrix
from scvi.model._utils import scrna_raw_counts_properties
from scvi.model.base._de_core import _fdr_de_prediction
from scvi.model.base._differential import DifferentialComputation, estimate_delta

PAIRS, GENES, CELLS = 40, 9, 30
BATCHES = ["b1", "b2"]


class Manager:
    """The part of an AnnDataManager that differential expression uses."""

    def __init__(self, adata):
        self.adata = adata

    def get_from_registry(self, _):
        return self.adata.X

    def get_state_registry(self, _):
        class Registry:
            categorical_mapping = BATCHES

        return Registry()


def draws(rng, shift):
    """Shares (pairs, genes): some genes alike, some shifted, the last three hardly there. Some pairs are equal."""
    log = rng.normal(0, 0.4, (PAIRS, GENES)) + np.linspace(-1, 1, GENES) * shift + np.array([-3.0] * (GENES - 3) + [-11.0] * 3)
    shares = np.exp(log).astype(np.float32)
    shares[:4, 0] = np.float32(0.05)
    return shares


def crossed(one, two, parts):
    """All pairs of the draws in each part, as rows."""
    halves = [(np.repeat(a, len(b), 0), np.tile(b, (len(a), 1))) for a, b in zip(np.split(one, parts), np.split(two, parts))]
    return tuple(np.concatenate(x) for x in zip(*halves))


def computation(counts, one, two, selection):
    """get_bayes_factors over these draws. The first half of the pairs is of b1 where batches are corrected."""

    def model_fn(_, indices, transform_batch, n_samples_overall):
        shares = one if np.array_equal(indices, np.flatnonzero(selection)) else two
        if transform_batch is None:
            return shares
        at = BATCHES.index(transform_batch) * n_samples_overall
        return shares[at : at + n_samples_overall]

    return DifferentialComputation(model_fn, None, Manager(AnnData(counts)))


def plain(value):
    """For JSON, at float32's precision where it was computed so."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return np.asarray(value, dtype=np.float64).tolist()


def main():
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(7)
    one, two = draws(rng, 0.7), draws(rng, -0.2)
    two[:4, 0] = one[:4, 0]
    counts = rng.poisson(np.concatenate([np.full(GENES - 3, 2.0), np.full(3, 0.0)]), (CELLS, GENES)).astype(np.float32)
    counts[3] = 0
    selection = np.arange(CELLS) < 12
    both = dict(use_observed_batches=True)
    corrected = dict(use_observed_batches=False)
    cases = {
        "vanilla": dict(mode="vanilla", **both),
        "vanilla corrected": dict(mode="vanilla", **corrected),
        "change": dict(mode="change", delta=0.25, **both),
        "change two": dict(mode="change", delta=0.25, test_mode="two", **both),
        "change corrected": dict(mode="change", delta=0.25, **corrected),
        "change pseudocounts": dict(mode="change", delta=0.7, pseudocounts=0.01, **both),
    }
    results, all_pairs = {}, {}
    for name, c in cases.items():
        run = lambda x, y: plain(computation(csr_matrix(counts), x, y, selection).get_bayes_factors(selection, ~selection, n_samples_overall=len(x), **c))
        results[name], all_pairs[name] = run(one, two), run(*crossed(one, two, 1 if c["use_observed_batches"] else 2))
    proba = np.sort(rng.beta(4, 0.6, 60))[::-1]
    fdr = {str(t): int(_fdr_de_prediction(pd.Series(proba), fdr=t).sum()) for t in (0.001, 0.05, 0.2)}
    means = np.concatenate([rng.normal(0, 0.15, 250), rng.normal(-1.6, 0.4, 60), rng.normal(1.2, 0.5, 60)])
    deltas = []
    for seed in range(20):
        np.random.seed(seed)
        deltas.append(float(estimate_delta(means)))
    X = csr_matrix(counts)
    raw = plain(scrna_raw_counts_properties(Manager(AnnData(X)), selection, ~selection))
    text = json.dumps({"x": plain(one), "y": plain(two), "counts": plain(counts), "cells1": int(selection.sum()), "results": results, "all_pairs": all_pairs,
                       "proba": plain(proba), "fdr": fdr, "means": plain(means), "deltas": deltas, "raw": raw}, indent=None)
    Path(__file__).with_name("reference.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
