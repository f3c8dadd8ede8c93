#!/usr/bin/env python3
"""Compares cellvi's differential expression with scvi-tools', of one model and the same cells.

usage: CELLVI_BENCH_PYTHON bench/de.py [--threads N] [--epochs N] [--date YYYY-MM-DD] [--out FILE] [--again]

It needs a Python that has scvi-tools, and ../shared or CELLVI_SHARED. cellvi trains an nb model on kang's eight patients;
scvi-tools is given its weights. Both compare B cells with CD14+ monocytes in each mode, with and without batch correction,
and B cells with all others. scvi-tools' lists of two seeds differ by the noise of its samples: they are the yardstick, and
its lists of ten times as many samples show what is left without that noise. Writes bench/results/de-DATE.md; exit 1 where
probabilities correlate below 0.99, or cellvi's top 100 of the default number of samples share fewer than 95 genes with
scvi-tools' of ten times as many.
"""
import argparse
import datetime
import hashlib
import json
import os
import struct
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

warnings.filterwarnings("ignore")
import anndata as ad
import numpy as np
import pandas as pd
import scvi
import torch

from page import machine, table

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "bench/.cache"
BATCH, GROUPBY, GROUP1, GROUP2 = "sample_id", "cluster_id", "B cells", "CD14+ Monocytes"
TOP = 100
SAMPLES, MANY = 5000, 50_000
CORRELATION_LIMIT, SHARED_LIMIT = 0.99, 95


@dataclass(frozen=True)
class Case:
    """One way to compare, as both programs are told of it."""

    mode: str
    corrected: bool = False
    rest: bool = False

    def name(self):
        return self.mode + (", batch correction" if self.corrected else "") + (", against the rest" if self.rest else "")

    def probability(self):
        return "proba_m1" if self.mode == "vanilla" else "proba_de"

    def flags(self):
        flags = ["--groupby", GROUPBY, "--group1", GROUP1, "--mode", self.mode]
        return flags + ([] if self.rest else ["--group2", GROUP2]) + (["--batch-correction"] if self.corrected else [])

    def arguments(self):
        return {"groupby": GROUPBY, "group1": GROUP1, "group2": None if self.rest else GROUP2, "mode": self.mode,
                "batch_correction": self.corrected, "silent": True}


CASES = [Case("vanilla"), Case("change"), Case("vanilla", corrected=True), Case("change", corrected=True), Case("change", rest=True)]


class Cellvi:
    """The program under test, over one folder."""

    def __init__(self, binary, counts, o):
        self.binary, self.threads = binary, o.threads
        self.version = subprocess.run([binary, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        self.hash = hashlib.sha256(binary.read_bytes()).hexdigest()
        self.dir = CACHE / f"de-{o.epochs}-{self.hash[:16]}"
        self.run("run", "--input", counts, "--batch-key", BATCH, "--labels-key", GROUPBY, "--no-reconstruct", "--max-epochs", o.epochs,
                 *(["--force"] if o.again else []))

    def run(self, *arguments):
        command = [self.binary, *arguments, "--outdir", self.dir] + (["--threads", self.threads] if self.threads else [])
        subprocess.run([str(c) for c in command], check=True, stderr=subprocess.DEVNULL)

    def compare(self, case, seed):
        """The list, and the seconds of the whole stage."""
        self.run("de", *case.flags(), "--seed", seed, "--force")
        stages = json.loads((self.dir / "run.json").read_text())["stages"]
        return pd.read_parquet(self.dir / "de.parquet"), next(s["seconds"] for s in stages if s["name"] == "de")


class Reference:
    """scvi-tools with the same weights."""

    def __init__(self, counts, folder):
        adata = ad.read_h5ad(counts)
        card = json.loads((folder / "model/model.json").read_text())
        self.adata = adata[:, card["genes"]].copy()
        scvi.model.SCVI.setup_anndata(self.adata, batch_key=BATCH, labels_key=GROUPBY)
        if list(self.adata.obs["_scvi_batch"].cat.categories if hasattr(self.adata.obs["_scvi_batch"], "cat") else []) not in ([], card["batch_levels"]):
            sys.exit("the batches are coded otherwise in scvi-tools")
        self.model = scvi.model.SCVI(self.adata, gene_likelihood="nb")
        missing, unknown = self.model.module.load_state_dict(tensors(folder / "model/model.safetensors"), strict=False)
        if unknown or any(not m.startswith(("l_encoder", "decoder.px_r_decoder", "decoder.px_dropout_decoder")) and "num_batches" not in m for m in missing):
            sys.exit(f"the weights do not fit scvi-tools' model: missing {missing}, unknown {unknown}")
        self.model.is_trained = True
        self.model.module.eval()

    def compare(self, case, seed, samples=SAMPLES):
        scvi.settings.seed = seed
        began = time.perf_counter()
        result = self.model.differential_expression(**case.arguments(), n_samples_overall=samples)
        return result, time.perf_counter() - began


def tensors(path):
    """A safetensors file of float32: a length, JSON, the numbers."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    head, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    return {name: torch.from_numpy(np.frombuffer(body[slice(*t["data_offsets"])], np.float32).reshape(t["shape"]).copy())
            for name, t in head.items() if name != "__metadata__"}


def ordered(case, result):
    """The genes with ties broken the same way for both programs: by the size of the change."""
    tie = result["lfc_mean"].abs() if case.mode == "change" else np.log(result["scale1"] / result["scale2"])
    return result.assign(tie=tie).sort_values([case.probability(), "tie"], ascending=False).index


def shared(a, b):
    """How many genes the first of two lists have in common."""
    return len(set(a[:TOP]) & set(b[:TOP]))


@dataclass
class Agreement:
    """What two lists have in common."""

    correlation: float  # of the probabilities
    top: int  # genes in both lists' first 100, ties broken alike
    written: int  # as the programs write the lists
    far: float  # share of genes whose probabilities differ by more than 0.02


def agreement(case, one, two):
    """Of two lists of one comparison."""
    p = case.probability()
    theirs = two[p].reindex(one.index)
    return Agreement(float(np.corrcoef(one[p], theirs)[0, 1]), shared(ordered(case, one), ordered(case, two)),
                     shared(one.index, two.index), float((np.abs(one[p] - theirs) > 0.02).mean()))


def raw_difference(ours, theirs):
    """The largest relative difference of a raw statistic."""
    theirs = theirs.reindex(ours.index)
    return max(float((np.abs(ours[c] - theirs[c]) / theirs[c].abs().clip(lower=1e-12)).max()) for c in ours.columns if c.startswith(("raw_", "non_zeros")))


def rows_of(case, results):
    """The two tables' rows, and whether the target is met. results: cellvi's lists of two seeds, scvi-tools', and its of many samples."""
    ours, theirs, many = results
    pairs = [agreement(case, a, b) for a, b in ((ours[0][0], theirs[0][0]), (ours[0][0], many[0]), (theirs[0][0], theirs[1][0]), (theirs[0][0], many[0]), (ours[0][0], ours[1][0]))]
    good = pairs[0].correlation >= CORRELATION_LIMIT and min(pairs[1].top, pairs[1].written) >= SHARED_LIMIT
    row = [case.name()] + [text for a in pairs for text in (f"{a.correlation:.5f}", f"{a.top}, {a.written}")] + ["yes" if good else "**no**"]
    lists = ours[0][0], theirs[0][0].reindex(ours[0][0].index)
    change = case.mode == "change"
    lfc = [f"{np.corrcoef(*(x[c] for x in lists))[0, 1]:.5f}" for c in ("lfc_mean", "lfc_median", "lfc_std")] if change else ["–"] * 3
    pseudo = ", ".join(f"{x['pseudocounts'].iloc[0]:.3g}" for x in lists) if change else "–"
    certain = ", ".join(str(int((x[case.probability()] == 1).sum())) for x in lists)
    more = [case.name(), certain, *lfc, pseudo, f"{raw_difference(*lists):.1e}", f"{ours[0][1]:.2f}", f"{theirs[0][1]:.2f}", f"{many[1]:.1f}"]
    return row, more, good


def page(o, cellvi, results):
    rows, more, met = zip(*(rows_of(case, r) for case, r in results.items()))
    tops, own = ([agreement(c, *lists(r)).top for c, r in results.items()] for lists in (lambda r: (r[0][0][0], r[1][0][0]), lambda r: (r[1][0][0], r[1][1][0])))
    pair = lambda a, b: [f"{a} and {b}: correlation", "shared"]
    ours, theirs, many = "cellvi", "scvi-tools", f"scvi-tools, {MANY:,} samples"
    head = ["comparison", *pair(ours, theirs), *pair(ours, many), *pair(theirs, "another seed of it"), *pair(theirs, many), *pair(ours, "another seed of it"), "met"]
    rest = ["comparison", "genes of probability 1: cellvi, scvi-tools", "lfc_mean, correlation", "lfc_median", "lfc_std", "pseudocounts",
            "raw statistics, largest relative difference", "cellvi, s", "scvi-tools, s", f"scvi-tools, {MANY:,} samples, s"]
    text = f"""# Differential expression, {o.date}

cellvi {cellvi.version} (SHA-256 {cellvi.hash[:12]}) and scvi-tools {scvi.__version__} on {machine()}. Made by `bench/de.py`.

One nb model, trained by cellvi for {o.epochs} epochs on kang_pbmc_8patients (batch {BATCH}), in both programs: {GROUP1} against
{GROUP2} or against all other cells, {SAMPLES:,} samples where nothing else is said. Target: the probabilities
(proba_m1 in mode vanilla, proba_de in mode change) correlate at least {CORRELATION_LIMIT}, and at least {SHARED_LIMIT} of the top {TOP} genes are shared with
scvi-tools' list of {MANY:,} samples: **{"met" if all(met) else "missed"}**.

Held to scvi-tools' list of {SAMPLES:,} samples, it would be met in {sum(t >= SHARED_LIMIT for t in tops)} of {len(tops)} comparisons: cellvi's list shares {min(tops)} to {max(tops)}, and
scvi-tools' own list of another seed {min(own)} to {max(own)}. The probabilities around the 100th gene lie closer together than the noise of {SAMPLES:,} pairs: no program can share
{SHARED_LIMIT} with such a list for sure, which is why the target is held to {MANY:,}. cellvi compares all pairs of its {SAMPLES:,} draws and spreads
them evenly over the cells, and so comes closer to what both estimate (docs/differential-expression.md).

"Shared" are genes of the first {TOP} of both lists: first by probability, ties broken by |lfc_mean| (vanilla: by the ratio of
the means) in both; then as each program writes its list, in which scvi-tools leaves ties open.

{table(head, rows)}

{table(rest, more)}

The pseudocounts are each program's own estimate from its samples. scvi-tools computes in float32. Seconds are of the whole stage (cellvi:
reading, writing and hashing included), with {f"{o.threads} thread" if o.threads == 1 else f"{o.threads} threads" if o.threads else f"the default number of threads (scvi-tools: {torch.get_num_threads()})"}, beside whatever else ran.
"""
    return text, all(met)


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cellvi", type=Path, default=ROOT / "bin/cellvi")
    p.add_argument("--shared", type=Path, default=os.environ.get("CELLVI_SHARED", ROOT.parent / "shared"))
    p.add_argument("--threads", type=int, default=0, help="of both programs; 0: their defaults")
    p.add_argument("--epochs", type=int, default=50)
    p.add_argument("--date", default=datetime.date.today().isoformat())
    p.add_argument("--out", type=Path, help="instead of bench/results/de-DATE.md")
    p.add_argument("--again", action="store_true", help="train again where a finished run is kept")
    return p.parse_args()


def main():
    o = arguments()
    if o.threads:
        torch.set_num_threads(o.threads)
    counts = o.shared.resolve() / "data/kang_pbmc_8patients.h5ad"
    cellvi = Cellvi(o.cellvi.resolve(), counts, o)
    reference = Reference(counts, cellvi.dir)
    results = {}
    for case in CASES:
        both = [[program.compare(case, seed) for seed in (0, 1)] for program in (cellvi, reference)]
        results[case] = (*both, reference.compare(case, 2, MANY))
        print(case.name(), agreement(case, both[0][0][0], both[1][0][0]), agreement(case, both[0][0][0], results[case][2][0]), file=sys.stderr)
    text, met = page(o, cellvi, results)
    out = o.out or ROOT / f"bench/results/de-{o.date}.md"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text)
    print(text)
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
