#!/usr/bin/env python3
"""Compares cellvi's ranking of genes by the decoder's responses with rankings of the counts, and its neighbours with correlations.

usage: CELLVI_BENCH_PYTHON bench/rankgenes.py [--threads N] [--epochs N] [--date YYYY-MM-DD] [--out FILE] [--again]

It needs a Python that has scanpy, and ../shared or CELLVI_SHARED. cellvi trains a model on kang's eight patients and on mixology,
and ranks every group of cells against all others; so does `cellvi de --mode change`, and scanpy by Wilcoxon's and Welch's tests on
log1p of counts per 10,000. Writes bench/results/rank-genes-DATE.md.
"""
import argparse
import datetime
import hashlib
import json
import os
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

warnings.filterwarnings("ignore")
import anndata as ad
import numpy as np
import pandas as pd
import scanpy as sc

from page import machine, mean, table

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "bench/.cache"
TOP = 50
PSEUDOCOUNT = 1e-4


@dataclass(frozen=True)
class Data:
    name: str
    file: str
    batch: str
    group: str


DATA = [Data("mixology", "mixology_6batches.h5ad", "batch", "cell_line"), Data("kang", "kang_pbmc_8patients.h5ad", "sample_id", "cluster_id")]


class Cellvi:
    """The program under test, over one folder."""

    def __init__(self, binary, data, o):
        self.binary, self.threads = binary, o.threads
        self.hash = hashlib.sha256(binary.read_bytes()).hexdigest()
        self.dir = CACHE / f"rank-{data.name}-{o.epochs}-{self.hash[:16]}"
        self.run("run", "--input", o.shared / "data" / data.file, "--batch-key", data.batch, "--labels-key", data.group, "--no-reconstruct",
                 "--max-epochs", o.epochs, *(["--force"] if o.again else []))

    def run(self, *arguments):
        command = [self.binary, *arguments, "--outdir", self.dir] + (["--threads", self.threads] if self.threads else [])
        subprocess.run([str(c) for c in command], check=True, stderr=subprocess.DEVNULL)

    def seconds(self, name):
        return next(s["seconds"] for s in json.loads((self.dir / "run.json").read_text())["stages"] if s["name"] == name)

    def read(self, name):
        return pd.read_parquet(self.dir / name)


def tests(adata, group, method):
    """scanpy's lists of each group: the largest scores of either sign, and of genes that are up."""
    lists = {}
    for kind, absolute in (("both", True), ("up", False)):
        sc.tl.rank_genes_groups(adata, group, method=method, rankby_abs=absolute)
        lists[kind] = adata.uns["rank_genes_groups"]["names"]
    return lambda g: {kind: list(names[g][:TOP]) for kind, names in lists.items()}


def ranked(x, effect):
    """The first genes of a list in its order, of either sign and of genes that are up."""
    return {"both": list(x.index[:TOP]), "up": list(x.index[x[effect] > 0][:TOP])}


def shared(a, b):
    return {kind: len(set(a[kind]) & set(b[kind])) for kind in a}


def correlations(expression, cells, batches, genes):
    """Of log2(share + c) of genes over cells, about the batches' means."""
    f = np.log2(expression[cells] + PSEUDOCOUNT)
    for b in np.unique(batches[cells]):
        own = batches[cells] == b
        f[own] -= f[own].mean(axis=0)
    return np.corrcoef(f[:, genes].T)


def neighbours(near, expression, names, cells, batches):
    """How the correlations of a group's first genes with all others compare with those of the decoded shares."""
    r = correlations(expression, cells, batches, slice(None))
    at = {g: i for i, g in enumerate(names)}
    want = r[[at[g] for g in near.gene_id], [at[g] for g in near.neighbour]]
    nearest = near.neighbour_rank.to_numpy() <= 10
    return np.corrcoef(near.correlation, want)[0, 1], np.abs(near.correlation - want).mean(), want[nearest].mean(), want.mean()


def measure(data, o):
    """The rows of a data set, and its seconds."""
    cellvi = Cellvi(o.cellvi.resolve(), data, o)
    cellvi.run("de", "--groupby", data.group, "--mode", "change", "--no-all-stats", "--force")
    cellvi.run("posterior", "normalized-expression")
    cellvi.run("rank-genes", "--groupby", data.group, "--top", TOP, "--neighbours", 100000, "--force")
    near = cellvi.read("rank_genes_neighbours.parquet")
    cellvi.run("rank-genes", "--groupby", data.group, "--force")
    ranks, groups, de = cellvi.read("rank_genes.parquet"), cellvi.read("rank_genes_groups.parquet"), cellvi.read("de.parquet")
    expression = cellvi.read("posterior/normalized-expression/expression.parquet")
    genes = list(expression.columns)
    adata = ad.read_h5ad(o.shared / "data" / data.file)[expression.index, genes].copy()
    sc.pp.normalize_total(adata, target_sum=1e4)
    sc.pp.log1p(adata)
    adata.obs[data.group] = adata.obs[data.group].astype("category")
    wilcoxon, welch = tests(adata, data.group, "wilcoxon"), tests(adata, data.group, "t-test")
    batches, of = adata.obs[data.batch].astype(str).to_numpy(), adata.obs[data.group].astype(str).to_numpy()
    rows = []
    for g, x in ranks.groupby("group", sort=False):
        d = de[de.group1 == g]
        d = d.assign(size=d.lfc_mean.abs()).sort_values(["proba_de", "size"], ascending=False)
        ours, theirs = ranked(x, "response"), ranked(d, "lfc_mean")
        row = {"group": g, "cells": int(groups.cells_group[g])}
        for name, a, b in (("de", ours, theirs), ("Wilcoxon", ours, wilcoxon(g)), ("t", ours, welch(g)), ("de and Wilcoxon", theirs, wilcoxon(g))):
            row |= {f"{name}, {kind}": n for kind, n in shared(a, b).items()}
        row |= {"fit": groups.correlation_response[g], "start": groups.correlation_slope_reference[g], "end": groups.correlation_slope_group[g],
                "observed": np.corrcoef(x.response, x.lfc_observed)[0, 1]}
        row |= dict(zip(("near r", "near off", "nearest", "any"), neighbours(near[near.group == g], expression.to_numpy(), genes, of == g, batches)))
        rows.append(row)
    return rows, len(genes), len(adata), cellvi


def page(o, measured):
    text = f"""# Ranking genes by the decoder's responses, {o.date}

cellvi (SHA-256 {next(iter(measured.values()))[3].hash[:12]}) and scanpy {sc.__version__} on {machine()}. Made by `bench/rankgenes.py`.

Models of {o.epochs} epochs; every group against all other cells, `cellvi rank-genes` with its defaults. Shared: genes among the first {TOP} of two
lists, of either sign / of genes that are up in the group alone. "de" is `cellvi de --mode change` over the same model (by probability, then the
size of the fold change), Wilcoxon and t are scanpy's, on log1p of counts per 10,000. "de, Wilcoxon" is what these two share without rank-genes:
lists of different questions share no more.
"""
    for data, (rows, genes, cells, cellvi) in measured.items():
        names = ["de", "Wilcoxon", "t", "de and Wilcoxon"]
        head = ["group", "cells", *(n.replace(" and", ",") for n in names)]
        pair = lambda r, n: f"{r[n + ', both']:.3g} / {r[n + ', up']:.3g}"
        average = {k: mean(r[k] for r in rows) for k in rows[0] if k not in ("group", "cells")} | {"group": "**mean**", "cells": cells}
        every = rows + [average]
        fits = ["group", "response", "slope at the reference's end", "slope at the group's end", "response and observed counts",
                "neighbours: correlation with decoded", "mean difference", "decoded correlation of the 10 nearest", "of any pair"]
        text += f"""
## {data.name}: {cells:,} cells × {genes:,} genes, {cellvi.seconds("rank-genes"):.1f} s

{table(head, [[r["group"], f"{r['cells']:,}", *(pair(r, n) for n in names)] for r in every])}

By chance {TOP * TOP / genes:.1f} of {TOP} would be shared. Correlations over genes with the difference of the groups' mean log2 shares as decoded (the first three) and
with that of the counts; and of neighbours, over the first {TOP} genes with all others, with correlations of decoded log2 shares at the posteriors' means
over the group's cells within batches:

{table(fits, [[r["group"], *(f"{r[k]:.2f}" for k in ("fit", "start", "end", "observed", "near r", "near off", "nearest", "any"))] for r in every])}
"""
    return text


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cellvi", type=Path, default=ROOT / "bin/cellvi")
    p.add_argument("--shared", type=Path, default=os.environ.get("CELLVI_SHARED", ROOT.parent / "shared"))
    p.add_argument("--threads", type=int, default=0, help="0: cellvi's default")
    p.add_argument("--epochs", type=int, default=50)
    p.add_argument("--date", default=datetime.date.today().isoformat())
    p.add_argument("--out", type=Path, help="instead of bench/results/rank-genes-DATE.md")
    p.add_argument("--again", action="store_true", help="train again where a finished run is kept")
    return p.parse_args()


def main():
    o = arguments()
    o.shared = Path(o.shared).resolve()
    text = page(o, {data: measure(data, o) for data in DATA})
    out = o.out or ROOT / f"bench/results/rank-genes-{o.date}.md"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text)
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
