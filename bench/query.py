#!/usr/bin/env python3
"""Maps a patient onto a reference of the others with cellvi and with scvi-tools, and compares how well labels transfer.

usage: CELLVI_BENCH_PYTHON bench/query.py [--patients 1015,1016] [--settings plain,scarches] [--seeds 0] [--epochs N]
       [--query-epochs N] [--threads N] [--date YYYY-MM-DD] [--out FILE] [--again] [--reference-only]

It needs a Python that has scvi-tools, and ../shared or CELLVI_SHARED. For every held-out patient of kang each program
trains on the seven others, maps the patient (cellvi query; load_query_data and train with weight_decay 0), and gives
each of the patient's cells the label that most of its 15 nearest neighbours among the reference's cells have in the
latent. cellvi does it with --epochs 0 too. Writes bench/results/query-DATE.md; exit 1 where cellvi's mean accuracy of a
setting is more than one percentage point below scvi-tools'. Runs are kept in bench/.cache.
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
from sklearn.metrics import f1_score
from sklearn.neighbors import KNeighborsClassifier

from page import machine, mean, table

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "bench/.cache"
BATCH, LABEL = "sample_id", "cluster_id"
NEIGHBOURS = 15
POINTS = 0.01  # of accuracy that cellvi may be behind


@dataclass(frozen=True, eq=False)
class Setting:
    """A model, as both programs are told of it."""

    name: str
    what: str
    arguments: dict
    flags: tuple


SETTINGS = {s.name: s for s in [
    Setting("plain", "the defaults: the encoder sees no batch, so the mapping is the reference's encoder", {}, ()),
    Setting("scarches", "as scvi-tools' documentation advises for a reference: encode_covariates, use_layer_norm both, use_batch_norm none, "
            "n_layers 2, dropout_rate 0.2",
            dict(encode_covariates=True, use_layer_norm="both", use_batch_norm="none", n_layers=2, dropout_rate=0.2),
            ("--encode-covariates", "--use-layer-norm", "both", "--use-batch-norm", "none", "--n-layers", "2", "--dropout-rate", "0.2")),
    Setting("encoded", "encode_covariates and batch norm", dict(encode_covariates=True), ("--encode-covariates",)),
]}


@dataclass(frozen=True)
class Case:
    """One patient held out."""

    setting: Setting
    patient: str
    seed: int
    epochs: int
    query_epochs: int

    def stem(self):
        return f"{self.setting.name}-{self.patient}-{self.seed}-{self.epochs}-{self.query_epochs}"


class Data:
    """The counts, cut by patient."""

    def __init__(self, path):
        self.adata = ad.read_h5ad(path)
        self.patient, self.label = self.adata.obs[BATCH].astype(str), self.adata.obs[LABEL].astype(str)

    def part(self, patient, query):
        chosen = self.adata[((self.patient == patient) == query).to_numpy()].copy()
        chosen.obs[BATCH], chosen.obs[LABEL] = chosen.obs[BATCH].astype(str), chosen.obs[LABEL].astype(str)
        return chosen

    def file(self, patient, query):
        path = CACHE / f"query-data/{patient}-{'query' if query else 'reference'}.h5ad"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.part(patient, query).write_h5ad(path)
        return path

    def scores(self, reference, query):
        """Accuracy and macro F1 of the labels that query's cells get; both are latents by cell name."""
        votes = KNeighborsClassifier(NEIGHBOURS).fit(reference.to_numpy(), self.label[reference.index])
        given, true = votes.predict(query.to_numpy()), self.label[query.index].to_numpy()
        return {"accuracy": float(np.mean(given == true)), "f1": float(f1_score(true, given, average="macro")), "cells": len(true)}


class Reference:
    """scvi-tools."""

    def __init__(self, data, again):
        self.data, self.again = data, again

    def scores(self, case):
        kept = CACHE / f"query-scvi/{case.stem()}.json"
        if self.again or not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(self.run(case)))
        return json.loads(kept.read_text())

    def run(self, case):
        import scvi
        import torch

        torch.set_num_threads(1)
        scvi.settings.seed = case.seed
        how = dict(accelerator="cpu", enable_progress_bar=False, logger=False)
        reference, query = self.data.part(case.patient, False), self.data.part(case.patient, True)
        scvi.model.SCVI.setup_anndata(reference, batch_key=BATCH)
        model = scvi.model.SCVI(reference, gene_likelihood="nb", **case.setting.arguments)
        model.train(max_epochs=case.epochs, **how)
        mapped = scvi.model.SCVI.load_query_data(query, model, accelerator="cpu")
        mapped.train(max_epochs=case.query_epochs, plan_kwargs=dict(weight_decay=0.0), **how)
        frame = lambda m, a: pd.DataFrame(m.get_latent_representation(a), index=a.obs_names)
        scores = self.data.scores(frame(model, reference), frame(mapped, query))
        # scvi-tools' old columns of encoded covariates move: where do the reference's cells go?
        scores["reference_moved"] = float(np.abs(frame(model, reference) - frame(mapped, reference)).to_numpy().max())
        return scores


class Cellvi:
    """The program under test."""

    def __init__(self, binary, data, o):
        self.binary, self.data, self.threads, self.again = binary, data, o.threads, o.again
        self.version = subprocess.run([binary, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        self.hash = hashlib.sha256(binary.read_bytes()).hexdigest()

    def run(self, out, *arguments):
        command = [self.binary, *arguments, "--outdir", out] + (["--threads", self.threads] if self.threads else []) + (["--force"] if self.again else [])
        out.mkdir(parents=True, exist_ok=True)
        with open(out / "log.txt", "a") as log:
            subprocess.run([str(c) for c in command], check=True, stderr=log)
        return pd.read_parquet(out / "latent.parquet")

    def scores(self, case):
        """With the epochs asked for, and with none."""
        out = CACHE / f"query-{self.hash[:16]}" / case.stem()
        reference = self.run(out / "reference", "run", "--input", self.data.file(case.patient, False), "--batch-key", BATCH, "--no-reconstruct",
                             "--max-epochs", case.epochs, "--seed", case.seed, *case.setting.flags)
        query = lambda name, epochs: self.run(out / name, "query", out / "reference/model", self.data.file(case.patient, True), "--epochs", epochs,
                                              "--seed", case.seed)
        trained = self.data.scores(reference, query("query", case.query_epochs))
        again = self.run(out / "again", "embed", "--store", out / "reference/store", "--prepared", out / "reference/prepared", "--model", out / "query/model")
        trained["reference_moved"] = float(np.abs(again - reference).to_numpy().max())
        trained["same_bytes"] = (out / "again/latent.parquet").read_bytes() == (out / "reference/latent.parquet").read_bytes()
        return trained, self.data.scores(reference, query("query-0", 0))


def rows_of(cases, results):
    """A row a case, a row a setting's means, and whether every mean meets the target."""
    rows, met = [], True
    for setting in dict.fromkeys(c.setting for c in cases):
        of = [results[c] for c in cases if c.setting == setting]
        for c in cases:
            if c.setting == setting:
                ours, none, theirs = results[c]
                rows.append([setting.name, c.patient, str(c.seed), f"{theirs['cells']:,}", *figures(ours, none, theirs)])
        means = [{k: mean(r[i][k] for r in of) for k in ("accuracy", "f1")} for i in range(3)]
        good = means[0]["accuracy"] >= means[2]["accuracy"] - POINTS
        met &= good and all(r[0].get("same_bytes", True) for r in of)
        rows.append([f"**{setting.name}**", "mean", "", "", *figures(*means), "" if good else "**misses**"])
    return [r + [""] * (12 - len(r)) for r in rows], met


def figures(ours, none, theirs):
    text = [f"{x[k]:.4f}" for k in ("accuracy", "f1") for x in (ours, none, theirs)]
    if "same_bytes" in ours:
        text.append("same bytes" if ours["same_bytes"] else f"**moved by {ours['reference_moved']:.2g}**")
    elif "reference_moved" in ours:
        text.append("")
    else:
        return text + [""]
    return text + [f"moved by {theirs['reference_moved']:.2g}" if theirs["reference_moved"] else "same"]


def page(o, cellvi, cases, results):
    rows, met = rows_of(cases, results)
    who = f"cellvi {cellvi.version} (SHA-256 {cellvi.hash[:12]})" if cellvi else "scvi-tools against itself (--reference-only: a test of this program)"
    head = ["setting", "held out", "seed", "cells", "accuracy", "with --epochs 0", "scvi-tools", "macro F1", "with --epochs 0", "scvi-tools",
            "reference cells' latents after the query", "scvi-tools'"]
    what = "\n".join(f"- `{s.name}`: {s.what}." for s in dict.fromkeys(c.setting for c in cases))
    return f"""# Query mapping, {o.date}

{who} beside scvi-tools 1.4.2, on {machine()}. Made by `bench/query.py`.

kang: one of eight patients held out, {o.epochs} epochs on the seven others, {o.query_epochs} on the held-out one; both programs by themselves, likelihood
nb, batch {BATCH}. The label of a held-out cell is that of most of its {NEIGHBOURS} nearest neighbours among the reference's cells.

{what}

{table(head, rows)}

Target: the mean accuracy at least scvi-tools' less one percentage point, and the reference's cells with the same bytes: {"met" if met else "**missed**"}.
""", met


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--patients", default="1015,1256,107")
    p.add_argument("--settings", default="plain,scarches")
    p.add_argument("--seeds", default="0")
    p.add_argument("--epochs", type=int, default=50)
    p.add_argument("--query-epochs", type=int, default=50)
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--date", default=datetime.date.today().isoformat())
    p.add_argument("--out", type=Path)
    p.add_argument("--again", action="store_true")
    p.add_argument("--reference-only", action="store_true")
    o = p.parse_args()
    shared = Path(os.environ.get("CELLVI_SHARED", ROOT.parent / "shared"))
    data = Data(shared / "data/kang_pbmc_8patients.h5ad")
    reference = Reference(data, o.again)
    cellvi = None if o.reference_only else Cellvi(ROOT / "bin/cellvi", data, o)
    cases = [Case(SETTINGS[s], patient, int(seed), o.epochs, o.query_epochs)
             for s in o.settings.split(",") for patient in o.patients.split(",") for seed in o.seeds.split(",")]
    results = {}
    for case in cases:
        theirs = reference.scores(case)
        results[case] = (*(cellvi.scores(case) if cellvi else (theirs, theirs)), theirs)
        print(case.stem(), *results[case], file=sys.stderr)
    text, met = page(o, cellvi, cases, results)
    out = o.out or ROOT / f"bench/results/query-{o.date}.md"
    out.write_text(text)
    print(text)
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
