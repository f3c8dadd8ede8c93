"""Holds `cellvi posterior` to scvi-tools with the same weights.

usage: python posterior.py OUTDIR COUNTS.h5ad

OUTDIR is a run on COUNTS.h5ad, with all kinds of posterior output as the test asks for them. What is computed at
the posterior's mean must agree number by number, with torch's normal noise set to 0; what is of draws within Monte
Carlo error. Fails on the first thing that does not hold, by name.
"""
import json
import os
import sys
import warnings

warnings.filterwarnings("ignore")
import anndata as ad
import numpy as np
import pandas as pd
import scvi
import torch
from safetensors.torch import load_file
from scipy.sparse import csr_matrix

torch.set_num_threads(1)
scvi.settings.seed = 0
out, source = sys.argv[1:3]
card = json.load(open(os.path.join(out, "model", "model.json")))
config = card["model"]


def build():
    data = ad.read_h5ad(source)
    keys = dict(batch_key="batch", labels_key="label")
    if config["use_size_factor_key"]:
        keys["size_factor_key"] = "size_factor"
    scvi.model.SCVI.setup_anndata(data, **keys)
    names = ["n_hidden", "n_latent", "n_layers", "dropout_rate", "gene_likelihood", "dispersion", "latent_distribution",
             "use_observed_lib_size"]
    model = scvi.model.SCVI(data, **{k: config[k] for k in names})
    state = load_file(os.path.join(out, "model", "model.safetensors"))
    missing, unknown = model.module.load_state_dict(state, strict=False)
    assert not unknown, unknown
    assert all("l_encoder" in k or "dropout" in k or "num_batches" in k or "px_r" in k for k in missing), missing
    model.module.eval()
    model.is_trained_ = True
    return model


model = build()
cells, genes = list(model.adata.obs_names), list(model.adata.var_names)
noise = torch.distributions.normal._standard_normal


def read(*names):
    return pd.read_parquet(os.path.join(out, "posterior", *names))


def close(what, got, want, rtol=2e-4, atol=1e-7):
    got, want = np.asarray(got, dtype=float), np.asarray(want, dtype=float)
    assert got.shape == want.shape, f"{what}: shape {got.shape}, scvi-tools {want.shape}"
    off = np.abs(got - want) / (atol + rtol * np.abs(want))
    assert np.nanmax(off) <= 1 and (np.isnan(got) == np.isnan(want)).all(), f"{what}: {np.nanmax(off):.3g} times what is allowed, {got.ravel()[off.argmax()]} for {want.ravel()[off.argmax()]}"
    print(f"{what}: {np.nanmax(np.abs(got - want) / (atol + np.abs(want))):.2g}")


def still(shape, dtype=None, device=None):
    return torch.zeros(shape, dtype=dtype)


def at_the_mean():
    torch.distributions.normal._standard_normal = still
    frame = read("normalized-expression", "expression.parquet")
    assert list(frame.index) == cells and list(frame.columns) == genes
    size = "latent" if os.environ["LIBRARY"] == "latent" else float(os.environ["LIBRARY"])
    batches = os.environ["BATCHES"].split(",")
    close("normalized expression", frame, model.get_normalized_expression(transform_batch=batches, library_size=size))
    if config["gene_likelihood"] != "poisson":
        want = model.get_likelihood_parameters()
        close("mean", read("likelihood-parameters", "mean.parquet"), want["mean"])
        got = read("likelihood-parameters", "dispersions.parquet")
        if config["dispersion"] == "gene":
            got = np.repeat(got.to_numpy().T, len(cells), axis=0)
        close("dispersions", got, want["dispersions"])
        if "dropout" in want:
            close("dropout", read("likelihood-parameters", "dropout.parquet"), want["dropout"])
    latent = read("latent", "latent.parquet")
    mean, variance = model.get_latent_representation(return_dist=True)
    n = config["n_latent"]
    close("latent mean", latent.iloc[:, :n], mean, atol=1e-5)
    close("latent variance", latent.iloc[:, n:2 * n], variance)
    library = read("library.parquet")
    observed = config["use_observed_lib_size"] or config["use_size_factor_key"]
    if config["use_size_factor_key"]:
        close("library", library["library"], model.adata.obs["size_factor"])
    else:
        close("library", library["library"], model.get_latent_library_size(give_mean=not observed).ravel())
    torch.distributions.normal._standard_normal = noise


def in_distribution():
    draws = 100
    want = np.stack([-model.get_elbo(return_mean=False).numpy() for _ in range(draws)])
    if want.mean() < 0:  # scvi-tools 1.4.2 gives the mean with the other sign than the cells
        want = -want
    got = read("elbo.parquet")
    off = (-got["elbo"] - want.mean(0)) / (want.std(0) * np.sqrt(1 / draws + 1 / 300) + 1e-6)
    assert np.abs(off).max() < 6 and off.std() < 1.3, f"elbo: off by {np.abs(off).max():.1f} standard errors, {off.std():.2f} in the mean"
    rec = np.stack([model.get_reconstruction_error(return_mean=False)["reconstruction_loss"].numpy() for _ in range(draws)])
    off = (got["reconstruction_error"] - rec.mean(0)) / (rec.std(0) * np.sqrt(1 / draws + 1 / 300) + 1e-6)
    assert np.abs(off).max() < 6 and off.std() < 1.3, f"reconstruction error: off by {np.abs(off).max():.1f} standard errors"
    print(f"elbo: {-got['elbo'].mean():.2f}, scvi-tools {want.mean():.2f}")
    if config["latent_distribution"] == "ln":
        return  # scvi-tools takes log q at the softmax, where it is no density
    some = np.arange(0, len(cells), 6)
    want, again = (model.get_marginal_ll(indices=some, n_mc_samples=1000, n_mc_samples_per_pass=100, return_mean=False).numpy() for _ in range(2))
    got = read("marginal-ll.parquet")["marginal_ll"].to_numpy()[some]
    own, off = np.std(want - again), got - (want + again) / 2
    print(f"marginal ll: {got.mean():.3f}, scvi-tools {want.mean():.3f} and {again.mean():.3f}; cells differ by {np.std(off):.2f}, its own by {own:.2f}")
    assert abs(off.mean()) < 5 * own / np.sqrt(len(some)) and np.std(off) < 1.6 * own, "marginal ll"


def predictive():
    t = read("predictive", "counts.parquet")
    assert list(read("predictive", "cells.parquet").index) == cells and list(read("predictive", "genes.parquet").index) == genes
    n = t["sample"].max() + 1
    got = np.stack([csr_matrix((s["count"], (s["cell"], s["gene"])), shape=(len(cells), len(genes))).toarray() for _, s in t.groupby("sample")])
    want = model.posterior_predictive_sample(n_samples=int(n)).todense().transpose(2, 0, 1)
    for what, of in (("mean", lambda x: x), ("zeros", lambda x: (x == 0).astype(float)), ("log1p", np.log1p), ("square of log1p", lambda x: np.log1p(x) ** 2)):
        a, b = of(got).mean(1), of(want).mean(1)  # by draw and gene
        off = (a.mean(0) - b.mean(0)) / np.sqrt((a.var(0) + b.var(0)) / n + 1e-9)
        print(f"predictive {what}: {np.abs(off).max():.1f} standard errors at most")
        assert np.abs(off).max() < 6 and off.std() < 1.4, f"predictive {what}: genes differ by {off.std():.2f} standard errors"


def correlation():
    got = read("correlation.parquet")
    want = model.get_feature_correlation_matrix(n_samples=10, transform_batch=None)
    assert list(got.index) == genes and list(got.columns) == genes
    off = (got - want).to_numpy()
    print(f"correlation: differs by {np.abs(off).max():.3f} at most, {off.std():.4f} in the mean; {np.corrcoef(got.to_numpy().ravel(), want.to_numpy().ravel())[0, 1]:.5f}")
    assert off.std() < 0.03 and np.abs(off.mean()) < 0.01 and np.abs(off).max() < 0.12 and np.allclose(np.diag(got), 1)


def checks():
    from scvi.criticism import PosteriorPredictiveCheck

    ppc = PosteriorPredictiveCheck(ad.AnnData(csr_matrix(model.adata.X).astype(int), obs=model.adata.obs, var=model.adata.var), {"model1": model}, n_samples=10)
    ppc.calibration_error()
    ppc.coefficient_of_variation("cells")
    ppc.coefficient_of_variation("features")
    ppc.zero_fraction()
    of_genes, of_cells = read("ppc", "genes.parquet"), read("ppc", "cells.parquet")
    for what, got, want in (("cv of genes", of_genes, ppc.metrics["cv_gene"]), ("cv of cells", of_cells, ppc.metrics["cv_cell"])):
        close(what + ", raw", got["cv_raw"], want["Raw"], rtol=1e-3, atol=1e-3)
        off = np.log(got["cv_model"].to_numpy() / want["model1"].to_numpy())  # each of ten draws
        off = off[np.isfinite(off)]
        print(f"{what}: {off.mean():.4f} apart in the mean, ± {off.std():.3f}")
        assert abs(off.mean()) < 0.02 and off.std() < 0.15 and len(off) > 0.9 * len(got), what
    zeros = ppc.metrics["zero_fraction"]  # the fraction that is not zero
    close("zero fraction, raw", of_genes["zero_fraction_raw"], 1 - zeros["Raw"], atol=1e-5)
    assert np.abs(of_genes["zero_fraction_model"].to_numpy() - (1 - zeros["model1"].to_numpy())).max() < 0.06, "zero fraction"
    got, want = read("ppc", "calibration.parquet")["squared_error"].sum(), ppc.metrics["calibration"]["model1"]["features"]
    print(f"calibration error: {got:.4f}, scvi-tools {float(want):.4f}")
    assert abs(got - float(want)) < 0.02 + 0.1 * float(want), "calibration"


at_the_mean()
in_distribution()
predictive()
correlation()
checks()
