#!/usr/bin/env python3
"""What refined posteriors buy: bounds of held-out cells, trust, time, and the embedding's scIB scores.

usage: make bench-posterior      with CELLVI_BENCH_PYTHON naming a Python that has pandas, anndata, pyarrow and scib-metrics
       refine.py [--data kang,mixology] [--seeds 0,1,2] [--families diag,full] [--epochs 50] [--date YYYY-MM-DD]

Trains cellvi on each table, with scvi-tools' KL warm-up and with a warm-up that ends; holds the refined posteriors of the
validation cells to 400 steps of Adam with four draws each (BenchmarkRefineAgainstAdam in stages), and scores every cell's
refined mean beside the encoder's. Data and the scoring program are found under CELLVI_SHARED (default ../shared).
Writes bench/results/refine-DATE.md and prints it. Runs and scores are kept in bench/.cache.
"""
import argparse
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

from page import machine, mean, table
from quality import CACHE, DATA, ROOT, SCORES, Reference, sha256


class Runs:
    """Trained models, and their embeddings."""

    def __init__(self, o):
        self.o, self.reference = o, Reference(o.shared.resolve())
        self.hash = sha256(o.cellvi)[:16]

    def call(self, *command):
        print(*command, file=sys.stderr)
        subprocess.run([str(c) for c in command], check=True)

    def model(self, data, seed, warmup):
        """The folder of a run, trained on the reference's split of the seed."""
        out = CACHE / f"refine-{data.name}-{seed}-{warmup}-{self.o.epochs}-{self.hash}"
        out.mkdir(parents=True, exist_ok=True)
        split = out / "split.csv"
        self.reference.write_split(data, seed, split)
        self.call(self.o.cellvi, "run", "--input", self.reference.counts(data), "--outdir", out, "--batch-key", data.batch,
                  "--labels-key", data.label, "--no-reconstruct", "--max-epochs", self.o.epochs, "--seed", seed,
                  "--split", split, "--n-epochs-kl-warmup", warmup)
        return out

    def refined(self, run, family):
        """The latent of a family, and how many cells a second it took, writing included."""
        out = run / family
        self.call(self.o.cellvi, "embed", "--outdir", out, "--store", run / "store", "--prepared", run / "prepared",
                  "--model", run / "model", "--refine", family)
        stage = next(s for s in json.loads((out / "run.json").read_text())["stages"] if s["name"] == "embed")
        return out / "latent.parquet", stage["counts"]["cells"] / stage["seconds"]


def score_rows(runs, o):
    """A row for each data set, warm-up and posterior: the scores' means over the seeds, and their differences from the encoder's."""
    rows = []
    for name in o.data.split(","):
        data = DATA[name]
        for warmup in o.warmups.split(","):
            found = {}
            for seed in map(int, o.seeds.split(",")):
                run = runs.model(data, seed, warmup)
                found.setdefault("encoder's", []).append((runs.reference.score(data, run / "latent.parquet"), None))
                for family in o.families.split(","):
                    latent, speed = runs.refined(run, family)
                    found.setdefault(family, []).append((runs.reference.score(data, latent), speed))
            base = [s for s, _ in found["encoder's"]]
            for posterior, results in found.items():
                differences = [s["overall"] - b["overall"] for (s, _), b in zip(results, base)]
                speed = f"{mean(v for _, v in results):,.0f}" if results[0][1] else "–"
                against = f"{mean(differences):+.4f} ({min(differences):+.4f} … {max(differences):+.4f})" if results[0][1] else "–"
                rows.append([name, warmup, posterior, *(f"{mean(s[k] for s, _ in results):.4f}" for k in SCORES), against, speed])
    return rows


def bounds(runs, o):
    """The tables of stages' BenchmarkRefineAgainstAdam: one for each data set and warm-up, of the first seed."""
    text = ""
    command = ["go", "test", "./stages", "-run", "xxx", "-bench", "RefineAgainstAdam", "-benchtime", "1x", "-timeout", "1h"]
    for name in o.data.split(","):
        for warmup in o.warmups.split(","):
            run = runs.model(DATA[name], int(o.seeds.split(",")[0]), warmup)
            print(*command, file=sys.stderr)
            out = subprocess.run(command, cwd=ROOT, env=os.environ | {"CELLVI_REFINE_RUN": str(run)}, check=True, stdout=subprocess.PIPE, text=True).stdout
            rows = [line for line in out.splitlines() if line.startswith("|")]
            if not rows:
                sys.exit(f"the benchmark printed no table:\n{out}")
            text += f"### {name}, warm-up {warmup}\n\n" + "\n".join(rows) + "\n\n"
    return text


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cellvi", type=Path, default=ROOT / "bin/cellvi")
    p.add_argument("--shared", type=Path, default=os.environ.get("CELLVI_SHARED", ROOT.parent / "shared"))
    p.add_argument("--data", default=",".join(DATA))
    p.add_argument("--seeds", default="0,1,2")
    p.add_argument("--warmups", default="400,auto")
    p.add_argument("--families", default="diag,full", help="of refined posteriors whose embeddings are scored; mixture and flow take several times as long")
    p.add_argument("--epochs", type=int, default=50)
    p.add_argument("--date", default=datetime.date.today().isoformat())
    p.add_argument("--out", type=Path, help="instead of bench/results/refine-DATE.md")
    return p.parse_args()


def main():
    o = arguments()
    o.cellvi = o.cellvi.resolve()
    runs = Runs(o)
    head = ["data", "KL warm-up", "posterior", *SCORES, "overall, against the encoder's", "cells/s"]
    text = f"""# Refined posteriors, {o.date}

cellvi (SHA-256 {runs.hash[:12]}) on {machine()}. Made by `make bench-posterior`; {o.epochs} epochs, seeds {o.seeds}.

## Held-out cells' bounds

{bounds(runs, o)}
## The embedding's scIB scores

Higher is better; means over the seeds, in brackets the range of the differences. cells/s: of the whole `embed --refine`, on
all cores, reading and writing included.

{table(head, score_rows(runs, o))}
"""
    out = o.out or ROOT / f"bench/results/refine-{o.date}.md"
    out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
