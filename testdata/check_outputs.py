"""Reads what a run of cellvi wrote the way its users do, and checks it against the counts it came from.

usage: python check_outputs.py CELLS.h5ad RESULTS
The run must have kept every cell and been given the batch key batch and the labels key label (as make demo does).
needs: testdata/requirements.txt
"""
import hashlib
import json
import re
import sys
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import scipy.sparse as sp
from scipy.spatial import cKDTree


def latent(cells, results):
    """The embedding is complete under the names of the h5ad, float32, and says which cells are alike."""
    z = pd.read_parquet(results / "latent.parquet")
    assert z.index.name == "cell_id" and z.index.is_unique and len(z) == cells.n_obs, z.index
    assert list(z.columns) == [f"latent_{i}" for i in range(z.shape[1])], z.columns
    z = z.reindex(cells.obs_names)
    assert (z.dtypes == np.float32).all(), z.dtypes
    assert np.isfinite(z.to_numpy()).all(), "a cell has no finite latent"
    cells.obsm["X_cellvi"] = z.to_numpy()
    labels = cells.obs["label"].astype(str).to_numpy()
    neighbour = cKDTree(z.to_numpy()).query(z.to_numpy(), 2)[1][:, 1]
    alike = (labels == labels[neighbour]).mean()
    chance = (pd.Series(labels).value_counts(normalize=True) ** 2).sum()
    assert alike > (1 + chance) / 2, f"the nearest cell has the same label in {alike:.1%}, by chance in {chance:.1%}"
    return f"{z.shape[0]} cells × {z.shape[1]}, float32; the nearest cell has the same label in {alike:.1%} (by chance {chance:.1%})"


def parquets(cells, results):
    """polars reads every Parquet as pandas does."""
    files = sorted(results.rglob("*.parquet"))
    for file in files:
        p, d = pl.read_parquet(file), pd.read_parquet(file)
        named = d.reset_index() if d.index.name else d
        assert p.columns == list(named.columns) and p.height == len(d), file
        for name in p.columns:
            ours, theirs = p[name].to_numpy(), named[name].to_numpy()
            same = np.array_equal(ours, theirs, equal_nan=ours.dtype.kind == "f")
            assert same and (ours.dtype == theirs.dtype or ours.dtype == object), f"{file}: {name} differs between polars and pandas"
    names = {str(f.relative_to(results)) for f in files}
    wanted = {"latent.parquet", "history.parquet", "genes.parquet", "prepared/cells.parquet", "prepared/genes.parquet"}
    assert wanted <= names, wanted - names
    return f"{len(files)} files: {', '.join(sorted(names))}"


def store(cells, results):
    """pyarrow opens the cells store and finds the counts of X."""
    t = pa.ipc.open_file(pa.memory_map(str(results / "store/cells.arrow"))).read_all()
    t.validate(full=True)
    assert t["cell_id"].to_pylist() == list(cells.obs_names)
    counts, genes = (t[name].combine_chunks() for name in ("counts", "genes"))
    offsets = np.concatenate([[0], np.cumsum(counts.value_lengths().to_numpy())])
    x = sp.csr_matrix((counts.flatten().to_numpy().astype(np.int64), genes.flatten().to_numpy(), offsets), shape=cells.shape)
    difference = x - sp.csr_matrix(cells.X)
    assert difference.count_nonzero() == 0, "the store's counts are not those of X"
    assert x.sum() == cells.X.sum(), (x.sum(), cells.X.sum())
    for key in ("batch", "label"):
        assert t[key].to_pylist() == list(cells.obs[key].astype(str)), key
    g = pa.ipc.open_file(pa.memory_map(str(results / "store/genes.arrow"))).read_all()
    assert g["gene_id"].to_pylist() == list(cells.var_names)
    assert np.array_equal(g["total"].to_numpy(), np.asarray(x.sum(0)).ravel())
    p = pl.read_ipc(results / "store/cells.arrow")
    assert p["counts"].list.sum().cast(pl.Int64).to_list() == np.asarray(x.sum(1)).ravel().tolist(), "polars reads other counts"
    return f"{x.shape[0]} cells × {x.shape[1]} genes, {x.nnz} nonzeros that sum to {x.sum()}, as X"


def prepared(cells, results):
    """Library sizes and size factors are those of X, the codes those of the annotations."""
    c = pd.read_parquet(results / "prepared/cells.parquet").reindex(cells.obs_names)
    library = np.asarray(cells.X.sum(1)).ravel()
    assert np.array_equal(c["library_size"], library)
    assert np.allclose(c["size_factor"], library / np.median(library), rtol=1e-6)
    assert np.array_equal(c["n_genes"], np.asarray((cells.X > 0).sum(1)).ravel())
    for key in ("batch", "label"):
        assert len(set(zip(c[key], cells.obs[key].astype(str)))) == cells.obs[key].nunique() == c[key].nunique(), key
    split = c["split"].value_counts().to_dict()
    assert set(split) == {"train", "validation"}, split
    return f"{split['train']} cells to train on, {split['validation']} held out"


def reconstruction(cells, results):
    """The expected counts are complete, not negative, and each cell's sum to what the model's genes hold."""
    kept = pd.read_parquet(results / "genes.parquet").query("selected").index
    mean = pd.read_parquet(results / "reconstruction/px_rate.parquet").reindex(cells.obs_names)
    theta = pd.read_parquet(results / "reconstruction/px_r.parquet")
    assert list(mean.columns) == list(kept) == list(theta.index), "the genes differ"
    assert (mean.dtypes == np.float32).all() and (theta.dtypes == np.float32).all()
    assert (mean.to_numpy() >= 0).all() and (theta.to_numpy() > 0).all() and np.isfinite(theta.to_numpy()).all()
    library = np.asarray(cells[:, kept].X.sum(1)).ravel()
    assert np.allclose(mean.to_numpy(np.float64).sum(1), library, rtol=1e-4), "expected counts do not sum to the library"
    observed, expected = np.asarray(cells[:, kept].X.mean(0)).ravel(), mean.to_numpy(np.float64).mean(0)
    r = np.corrcoef(observed, expected)[0, 1]
    assert r > 0.95, f"means of genes, expected and observed, correlate by {r:.3f}"
    return f"{mean.shape[0]} cells × {mean.shape[1]} genes; means of genes, expected and observed, correlate by {r:.4f}"


def history(cells, results):
    """The losses are finite, add up, and fall."""
    h = pd.read_parquet(results / "history.parquet")
    for part in ("train", "validation"):
        elbo = h[f"elbo_{part}"]
        assert np.isfinite(elbo).all() and elbo.iloc[-1] < elbo.iloc[0], part
        assert np.allclose(elbo, h[f"reconstruction_loss_{part}"] + h[f"kl_local_{part}"], rtol=1e-5), part
    assert h["kl_weight"].is_monotonic_increasing
    return f"{len(h)} epochs, ELBO {h['elbo_train'].iloc[-1]:.2f} in training, {h['elbo_validation'].iloc[-1]:.2f} held out"


def record(cells, results):
    """run.json names every output with its SHA-256."""
    run = json.loads((results / "run.json").read_text())
    seen = 0
    for stage in run["stages"]:
        for output in stage["outputs"]:
            file = results / output["path"]
            if file.is_file():
                assert hashlib.sha256(file.read_bytes()).hexdigest() == output["sha256"], file
                seen += 1
    assert seen >= 9, seen
    return f"{', '.join(s['name'] for s in run['stages'])}; {seen} outputs with the SHA-256 recorded"


def report(cells, results):
    """The page needs nothing from outside, and MultiQC's file is JSON."""
    page = (results / "report.html").read_text()
    outside = re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", page) + re.findall(r"url\(\s*['\"]?https?:", page)
    assert not outside, outside
    brief = json.loads((results / "cellvi_mqc.json").read_text())
    assert brief["plot_type"] == "linegraph" and brief["data"], brief.keys()
    return f"{len(page) / 1e6:.1f} MB in one file"


if __name__ == "__main__":
    data, out = ad.read_h5ad(sys.argv[1]), Path(sys.argv[2])
    for check in (latent, parquets, store, prepared, reconstruction, history, record, report):
        print(f"{check.__name__:15} {check(data, out)}")
