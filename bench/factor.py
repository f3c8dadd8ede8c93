#!/usr/bin/env python3
"""Fits the latent factor model to real counts: both methods' ELBO, held-out entries, scIB scores beside the auto-encoder's.

usage: factor.py [--data kang,mixology] [--seeds 0,1,2] [--threads N] [--date YYYY-MM-DD] [--cells N]
       with CELLVI_BENCH_PYTHON's packages: pandas, anndata, pyarrow and scib-metrics

The data, the reference's results and the scoring program are found under CELLVI_SHARED (default ../shared). The
auto-encoder is trained as bench/quality.py trains it. --cells N (1000000) also draws so many cells × 2,000 genes,
streams two epochs of them in the default budget, and says seconds and the largest resident memory; 0 leaves that out.
Writes bench/results/factor-DATE.md and prints it; exit 1 where coordinate ascent and minibatches differ by more than 1%.
Runs and scores are kept in bench/.cache.
"""
import argparse
import datetime
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

import quality
from page import machine, mean, table

ROOT, CACHE = quality.ROOT, quality.CACHE
AGREE = 0.01  # of the ELBO


class Factor:
    """Fits of the program under test."""

    def __init__(self, binary, reference, threads):
        self.binary, self.reference, self.threads = binary, reference, threads
        self.hash = quality.sha256(binary)

    def stage(self, *words):
        command = [str(w) for w in [self.binary, *words] + (["--threads", self.threads] if self.threads else [])]
        print(*command, file=sys.stderr, flush=True)
        start = time.perf_counter()
        subprocess.run(command, check=True)
        return time.perf_counter() - start

    def fit(self, data, seed, method, *options):
        """Fits one table: the folder, with model.json and latent.parquet, and the entry of the stage in run.json."""
        base = CACHE / f"factor-{data.name}-{self.hash[:12]}"
        if not (base / "prepared/cells.parquet").exists():
            self.stage("ingest", "--input", self.reference.counts(data), "--outdir", base)
            self.stage("prepare", "--outdir", base, "--batch-key", data.batch, "--labels-key", data.label)
        out = base / "-".join([method, str(seed), *(o.strip("-") for o in options)])
        self.stage("factor", "--store", base / "store", "--prepared", base / "prepared", "--outdir", out, "--method", method, "--seed", seed, *options)
        ran = next(s for s in json.loads((out / "run.json").read_text())["stages"] if s["name"] == "factor")
        return out / "factor", ran


def fit_rows(factor, data, seeds):
    """A row for each seed and method, and the largest difference of the two ELBOs."""
    rows, worst = [], 0.0
    for seed in seeds:
        cards = {}
        for method in ("cavi", "svi"):
            out, ran = factor.fit(data, seed, method)
            card = cards[method] = json.loads((out / "model.json").read_text())
            h = card["held_out"]
            rows.append([data.name, str(seed), method, str(ran["counts"]["epochs"]), f"{ran['seconds']:.1f}", f"{card['elbo'] / card['cells']:.2f}",
                         f"{h['entries']:,}", f"{h['r2']:.3f}", f"{100 * h['coverage_50_80_90_95'][2]:.1f}%", f"{100 * h['coverage_90_above_zero']:.1f}%",
                         f"{h['stretch_90']:.2f}", f"{100 * h['coverage_90_stretched']:.1f}%"])
        off = abs(cards["cavi"]["elbo"] - cards["svi"]["elbo"]) / abs(cards["cavi"]["elbo"])
        worst = max(worst, off)
    return rows, worst


def score_rows(factor, vae, data, seeds):
    """Mean scores over the seeds: the factor model's, with either noise, and the auto-encoder's."""
    found = {"factor": [], "factor, --noise shared": [], "auto-encoder": []}
    for seed in seeds:
        found["factor"].append(factor.reference.score(data, factor.fit(data, seed, "cavi")[0] / "latent.parquet"))
        if seed == seeds[0]:
            shared = factor.fit(data, seed, "cavi", "--noise=shared")[0]
            found["factor, --noise shared"].append(factor.reference.score(data, shared / "latent.parquet"))
        found["auto-encoder"].append(vae.result(data, seed).scores)
    rows = []
    for name, scores in found.items():
        cells = [f"{mean(s[k] for s in scores):.3f}" for k in quality.SCORES]
        overall = [s["overall"] for s in scores]
        rows.append([data.name, name, str(len(scores)), *cells, f"{min(overall):.3f} … {max(overall):.3f}"])
    return rows


def stream(factor, cells):
    """What two epochs over many drawn cells take."""
    out = CACHE / f"factor-stream-{cells}"
    if not (out / "store").exists():
        factor.stage("simulate", "--output", out / "store", "--cells", cells, "--genes", 2000, "--n-batches", 4, "--n-labels", 8, "--library", 600)
    factor.stage("prepare", "--outdir", out, "--batch-key", "batch")
    factor.stage("factor", "--outdir", out, "--method", "svi", "--max-epochs", 2, "--force")
    ran = next(s for s in json.loads((out / "run.json").read_text())["stages"] if s["name"] == "factor")
    card = json.loads((out / "factor/model.json").read_text())
    history = pd.read_parquet(out / "factor/history.parquet")
    return ran, card, history


def page(o, factor, fits, scores, worst, streamed):
    text = f"""# The factor model, {o.date}

cellvi (SHA-256 {factor.hash[:12]}) on {machine()}. Made by `bench/factor.py`. Ten factors, defaults otherwise: 1% of the entries, cell by
gene, held out; noise of each gene. Seconds are of the whole stage on this machine with whatever else ran: context only.

## Both ways to fit, and held-out entries

ELBO in nats per cell, exact, over all cells: higher is better. R² is of held-out entries over each gene's mean. "90% covers" is how many
held-out entries lie in the model's own 90% intervals, of all and of those above zero; "stretched" is the same where the width was
set on one half of the held-out entries and tried on the other.

{table(["data", "seed", "method", "passes", "seconds", "ELBO", "held out", "R²", "90% covers", "above zero", "stretched by", "covers"], fits)}

Coordinate ascent and minibatches differ by at most {100 * worst:.3f}% of the ELBO (target: 1%): **{"met" if worst <= AGREE else "missed"}**.

## scIB scores

Means over the seeds; higher is better. The model knows no batches: what batches do to expression stays in its factors, and the scores of
mixing say so. Scores of what kinds of cells differ in are comparable.

{table(["data", "embedding", "seeds", *quality.SCORES, "overall, range"], scores)}
"""
    if streamed:
        ran, card, history = streamed
        text += f"""
## Many cells

{card['cells']:,} drawn cells × 2,000 genes, `--method svi --max-epochs 2`, --memory 1GB (the default), streamed: {ran['seconds']:.0f} s with the last
two passes (ELBO, output), largest resident memory {ran['peak_memory'] / 1e6:.0f} MB. ELBO per cell: {', '.join(f'{v:.1f}' for v in history['elbo_per_cell'])}
(the last exact). Held-out 90% intervals cover {100 * card['held_out']['coverage_50_80_90_95'][2]:.1f}%.
"""
    return text


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cellvi", type=Path, default=ROOT / "bin/cellvi")
    p.add_argument("--shared", type=Path, default=os.environ.get("CELLVI_SHARED", ROOT.parent / "shared"))
    p.add_argument("--data", default=",".join(quality.DATA))
    p.add_argument("--seeds", default="0,1,2")
    p.add_argument("--threads", type=int, default=0, help="0: cellvi's default")
    p.add_argument("--cells", type=int, default=1_000_000, help="of the streamed part; 0: leave it out")
    p.add_argument("--date", default=datetime.date.today().isoformat())
    p.add_argument("--out", type=Path, help="instead of bench/results/factor-DATE.md")
    return p.parse_args()


def main():
    o = arguments()
    reference = quality.Reference(o.shared.resolve())
    factor = Factor(o.cellvi.resolve(), reference, o.threads)
    vae = quality.Cellvi(o.cellvi.resolve(), reference, o.threads, "f32", False)
    seeds, fits, scores, worst = [int(s) for s in o.seeds.split(",")], [], [], 0.0
    for name in o.data.split(","):
        rows, off = fit_rows(factor, quality.DATA[name], seeds)
        fits, worst = fits + rows, max(worst, off)
    streamed = stream(factor, o.cells) if o.cells else None
    for name in o.data.split(","):
        scores += score_rows(factor, vae, quality.DATA[name], seeds)
    text = page(o, factor, fits, scores, worst, streamed)
    out = o.out or ROOT / f"bench/results/factor-{o.date}.md"
    out.write_text(text)
    print(text)
    sys.exit(0 if worst <= AGREE else 1)


if __name__ == "__main__":
    main()
