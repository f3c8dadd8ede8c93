#!/usr/bin/env python3
"""Trains cellvi on real counts and compares it with scvi-tools, on the same held-out cells.

usage: make quality      with CELLVI_BENCH_PYTHON naming a Python that has pandas, anndata, pyarrow and scib-metrics
       quality.py [--data kang,mixology] [--seeds 0,1,2] [--threads N] [--date YYYY-MM-DD] [--reference-only] [--again]

The data, the reference's results and the scoring program are found under CELLVI_SHARED (default ../shared).
Writes bench/results/quality-DATE.md and prints it; exit 1 where a figure misses the target. Runs and scores are kept
in bench/.cache, so that an interrupted comparison goes on; a run is made again where the program has changed.
"""
import argparse
import datetime
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from page import machine, mean, table

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "bench/.cache"
SCORES = ["nmi", "ari", "asw_label", "clisi", "asw_batch", "ilisi", "graph", "overall"]
ELBO_LIMIT = 1.003  # of the reference's mean; its own standard deviation between runs is 0.14%


@dataclass(frozen=True)
class Data:
    """One table of real counts, and how both programs are run on it."""

    name: str
    file: str
    batch: str
    label: str
    epochs: int


DATA = {
    "kang": Data("kang", "kang_pbmc_8patients.h5ad", "sample_id", "cluster_id", 50),
    "mixology": Data("mixology", "mixology_6batches.h5ad", "batch", "cell_line", 100),
}


@dataclass
class Result:
    """What one program made of one table with one seed."""

    elbo: float  # validation cells, KL weight 1, a loss per cell
    cells_per_s: float  # in training
    scores: dict


class Reference:
    """scvi-tools' results: as the shared folder keeps them for seeds 0 to 2, made here for others."""

    def __init__(self, shared):
        self.shared = shared

    def counts(self, data):
        return self.shared / "data" / data.file

    def stem(self, data, seed):
        """Where the results of a seed are, less the ending; trains scvi-tools where there are none yet."""
        kept = self.shared / f"eval/baseline/base_{data.name}_{seed}"
        if kept.with_suffix(".json").exists():
            return kept
        made = CACHE / f"reference/base_{data.name}_{seed}"
        if not made.with_suffix(".json").exists():
            made.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run([sys.executable, self.shared / "eval/scvi_baseline.py", self.counts(data), data.batch, made,
                            "--epochs", str(data.epochs), "--seed", str(seed)], check=True, stdout=subprocess.DEVNULL)
        return made

    def latent(self, data, seed):
        return self.stem(data, seed).with_suffix(".parquet")

    def facts(self, data, seed):
        facts = json.loads(self.stem(data, seed).with_suffix(".json").read_text())
        if facts["epochs"] != data.epochs:
            sys.exit(f"the reference trained {data.name} for {facts['epochs']} epochs, not {data.epochs}")
        return facts

    def write_split(self, data, seed, path):
        """Writes the reference's split as cellvi's --split reads it."""
        names = pd.read_parquet(self.latent(data, seed)).index
        held_out = set(self.facts(data, seed)["validation_cells"])
        if not held_out or not held_out <= set(names):
            sys.exit(f"{data.name}, seed {seed}: the reference's validation cells are not among its cells")
        split = ["validation" if n in held_out else "train" for n in names]
        pd.DataFrame({"cell_id": names, "split": split}).to_csv(path, index=False)

    def score(self, data, latent):
        """The scIB scores of a latent, by the reference's own program; kept by the latent's hash."""
        kept = CACHE / "scores" / f"{data.name}-{sha256(latent)[:16]}.json"
        if not kept.exists():
            out = subprocess.run(
                [sys.executable, self.shared / "eval/score_latent.py", latent, self.counts(data), data.batch, data.label],
                check=True, stdout=subprocess.PIPE, text=True).stdout
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(json.loads(out.strip().splitlines()[-1])))
        return json.loads(kept.read_text())

    def result(self, data, seed):
        facts = self.facts(data, seed)
        return Result(facts["validation_elbo"], facts["train_cells_per_s"], self.score(data, self.latent(data, seed)))


class Cellvi:
    """Runs of the program under test."""

    def __init__(self, binary, reference, threads, precision, again):
        self.binary, self.reference, self.threads, self.again = binary, reference, threads, again
        self.precision = precision
        self.version = subprocess.run([binary, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        self.hash = sha256(binary)

    def result(self, data, seed):
        out = CACHE / f"{data.name}-{seed}-{self.precision}-{self.hash[:16]}"
        if self.again and out.exists():
            for file in sorted(out.rglob("*"), reverse=True):
                file.rmdir() if file.is_dir() else file.unlink()
        out.mkdir(parents=True, exist_ok=True)
        self.run(data, seed, out)
        history = pd.read_parquet(out / "history.parquet")
        if len(history) != data.epochs:
            sys.exit(f"{out}: {len(history)} epochs, not {data.epochs}")
        scores = self.reference.score(data, out / "latent.parquet")
        return Result(float(history["elbo_validation"].iloc[-1]), self.speed(out), scores)

    def run(self, data, seed, out):
        split = out / "split.csv"
        self.reference.write_split(data, seed, split)
        command = [self.binary, "run", "--input", self.reference.counts(data), "--outdir", out, "--batch-key", data.batch,
                   "--labels-key", data.label, "--no-reconstruct", "--max-epochs", data.epochs, "--seed", seed, "--split", split,
                   "--precision", self.precision]
        if self.threads:
            command += ["--threads", self.threads]
        print(*command, file=sys.stderr)
        subprocess.run([str(c) for c in command], check=True)

    @staticmethod
    def speed(out):
        """Training cells/s over the whole stage: loading, validation every epoch and writing included."""
        stages = json.loads((out / "run.json").read_text())["stages"]
        train = next(s for s in stages if s["name"] == "train")
        return train["counts"]["cells_train"] * train["counts"]["epochs"] / train["seconds"]


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def elbo_table(results):
    """One row a run, and whether the mean meets the target. results[name][seed] is (ours, theirs)."""
    rows, met = [], True
    for name, by_seed in results.items():
        for seed, (ours, theirs) in by_seed.items():
            rows.append([name, str(seed), f"{ours.elbo:.2f}", f"{theirs.elbo:.2f}", f"{ours.elbo / theirs.elbo:.4f}",
                         f"{ours.scores['overall']:.3f}", f"{theirs.scores['overall']:.3f}",
                         f"{ours.cells_per_s:,.0f}", f"{theirs.cells_per_s:,.0f}"])
        ratio = mean(o.elbo for o, _ in by_seed.values()) / mean(t.elbo for _, t in by_seed.values())
        good = ratio <= ELBO_LIMIT
        met &= good
        rows.append([f"**{name}**", "mean", *(f"{mean(r[i].elbo for r in by_seed.values()):.2f}" for i in (0, 1)),
                     f"**{ratio:.4f}**" + ("" if good else " misses 1.003"),
                     *(f"{mean(r[i].scores['overall'] for r in by_seed.values()):.3f}" for i in (0, 1)),
                     *(f"{mean(r[i].cells_per_s for r in by_seed.values()):,.0f}" for i in (0, 1))])
    head = ["data", "seed", "validation ELBO", "scvi-tools", "ratio", "scIB overall", "scvi-tools", "training cells/s", "scvi-tools (its own day)"]
    return table(head, rows), met


def score_table(results):
    """Each score's mean over the seeds beside the reference's, and whether it is at most the reference's spread (maximum less minimum) below."""
    rows, met = [], True
    for name, by_seed in results.items():
        for score in SCORES:
            ours = [o.scores[score] for o, _ in by_seed.values()]
            theirs = [t.scores[score] for _, t in by_seed.values()]
            good = round(mean(ours), 4) >= round(mean(theirs) - (max(theirs) - min(theirs)), 4)
            met &= good
            rows.append([name, score, f"{mean(ours):.4f}", f"{min(ours):.4f} … {max(ours):.4f}", f"{mean(theirs):.4f}",
                         f"{min(theirs):.4f} … {max(theirs):.4f}", "yes" if good else "**no**"])
    head = ["data", "score", "cellvi, mean", "range", "scvi-tools, mean", "range", "within the spread or better"]
    return table(head, rows), met


def page(o, cellvi, results):
    elbo, elbo_met = elbo_table(results)
    scores, scores_met = score_table(results)
    who = f"cellvi {cellvi.version} (SHA-256 {cellvi.hash[:12]})" if cellvi else "scvi-tools against itself (--reference-only: a test of this program)"
    threads = f"{o.threads} threads" if o.threads else "its default number of threads"
    text = f"""# Quality, {o.date}

{who} on {machine()}, {threads}, --precision {o.precision}.
Made by `make quality`; how and against what: bench/README.md.

## Held-out ELBO and speed

The ELBO is a loss per validation cell at KL weight 1, the last epoch's; lower is better. Target: the ratio of the means at
most {ELBO_LIMIT}: **{"met" if elbo_met else "missed"}**. cellvi's cells/s are over the whole training stage, on this machine
with whatever else ran; scvi-tools' were measured on another day and are context only.

{elbo}

## scIB scores

Higher is better. Target: each mean within the reference's spread (its range over these seeds) of the reference's mean, or
above: **{"met" if scores_met else "missed"}**.

{scores}
"""
    return text, elbo_met and scores_met


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cellvi", type=Path, default=ROOT / "bin/cellvi")
    p.add_argument("--shared", type=Path, default=os.environ.get("CELLVI_SHARED", ROOT.parent / "shared"))
    p.add_argument("--data", default=",".join(DATA), help="which of " + ", ".join(DATA))
    p.add_argument("--seeds", default="0,1,2", help="others than 0, 1, 2 need a Python with scvi-tools, for the reference")
    p.add_argument("--threads", type=int, default=0, help="0: cellvi's default")
    p.add_argument("--precision", default="f32", choices=["f32", "bf16"], help="cellvi's, in training")
    p.add_argument("--date", default=datetime.date.today().isoformat())
    p.add_argument("--out", type=Path, help="instead of bench/results/quality-DATE.md")
    p.add_argument("--reference-only", action="store_true", help="score the reference against itself, without cellvi")
    p.add_argument("--again", action="store_true", help="run cellvi again where a finished run is kept")
    return p.parse_args()


def main():
    o = arguments()
    if not o.shared.joinpath("eval/baseline").is_dir():
        sys.exit(f"{o.shared}: no eval/baseline there: set CELLVI_SHARED to the folder with the data and the reference's results")
    reference = Reference(o.shared.resolve())
    cellvi = None if o.reference_only else Cellvi(o.cellvi.resolve(), reference, o.threads, o.precision, o.again)
    results = {}
    for name in o.data.split(","):
        for seed in map(int, o.seeds.split(",")):
            theirs = reference.result(DATA[name], seed)
            ours = cellvi.result(DATA[name], seed) if cellvi else theirs
            results.setdefault(name, {})[seed] = (ours, theirs)
            print(f"{name} {seed}: ELBO {ours.elbo:.2f} ({theirs.elbo:.2f}), scIB {ours.scores['overall']} ({theirs.scores['overall']})", file=sys.stderr)
    text, met = page(o, cellvi, results)
    out = o.out or ROOT / f"bench/results/quality-{o.date}.md"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text)
    print(text)
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
