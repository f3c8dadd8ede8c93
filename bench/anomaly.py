#!/usr/bin/env python3
"""Plants counts of other cells in mouse_10k and asks `cellvi anomaly` for them.

usage: CELLVI_BENCH_PYTHON bench/anomaly.py [--seeds 0] [--ways gene,expressed,any] [--epochs N] [--date YYYY-MM-DD] [--out FILE] [--again]

It needs a Python that has anndata, pyarrow and scikit-learn, and ../shared or CELLVI_SHARED. 1% of the entries above zero are
replaced, in three ways, each over seeds; the model is trained on the counts as they were, and on those with what was
planted in them, as a user would have them. The same is done to counts drawn from the fitted model, of which it is known that
all else is as the model says: there the false discovery rate has a truth to be held to. Writes bench/results/anomaly-DATE.md;
exit 1 where that rate is off by more than 2 points, or 90% intervals hold less than 88% or more than 92% of held-out counts.
"""
import argparse
import datetime
import hashlib
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
import anndata as ad
import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.metrics import roc_auc_score

from page import machine, table

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "bench/.cache"
SHARE, RATES, FEW = 0.01, [0.01, 0.05, 0.1], 100
WAYS = {
    "gene": "the same gene's count in another cell, zero or not",
    "expressed": "the same gene's count in another cell that expresses it",
    "any": "another cell's count above zero, of any gene",
}


def plant(counts, way, seed):
    """Counts (a dense array) with 1% of the entries above zero replaced, and where a count is another one now."""
    rng = np.random.default_rng([seed, list(WAYS).index(way)])
    cells, genes = np.nonzero(counts)
    chosen = rng.choice(len(cells), int(SHARE * len(cells)), replace=False)
    out = counts.copy()
    for i in chosen:
        c, g = cells[i], genes[i]
        if way == "any":
            j = rng.integers(len(cells))
            while cells[j] == c:
                j = rng.integers(len(cells))
            out[c, g] = counts[cells[j], genes[j]]
            continue
        others = np.arange(len(counts)) if way == "gene" else np.flatnonzero(counts[:, g])
        others = others[others != c]
        if len(others):
            out[c, g] = counts[rng.choice(others), g]
    return out, out != counts, len(chosen)


class Cellvi:
    """The program under test."""

    def __init__(self, binary, o):
        self.binary, self.o = binary, o
        self.version = subprocess.run([binary, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        self.hash = hashlib.sha256(binary.read_bytes()).hexdigest()
        self.dir = CACHE / f"anomaly-{o.epochs}-{self.hash[:16]}"
        self.dir.mkdir(parents=True, exist_ok=True)

    def run(self, *arguments):
        command = [self.binary, *arguments] + (["--threads", self.o.threads] if self.o.threads else [])
        done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}")

    def fit(self, counts, name):
        """The folder of a run over these counts."""
        path, out = self.dir / f"{name}.h5ad", self.dir / name
        if self.o.again or not path.exists():
            ad.AnnData(sp.csr_matrix(counts.astype(np.float32)), obs=pd.DataFrame(index=[f"cell{i}" for i in range(len(counts))]),
                       var=pd.DataFrame(index=[f"gene{i}" for i in range(counts.shape[1])])).write_h5ad(path)
        self.run("run", "--input", path, "--outdir", out, "--max-epochs", self.o.epochs, "--n-epochs-kl-warmup", self.o.warmup, "--no-reconstruct")
        return out

    def judge(self, folder, *flags, model=None):
        """The folder of anomaly's tables, and the seconds of the stage. What was judged already is not judged again."""
        out = folder / ("judged" + "".join(flags) + ("-as-they-were" if model else ""))
        self.run("anomaly", "--store", folder / "store", "--prepared", folder / "prepared", "--model", (model or folder) / "model", "--outdir", out,
                 "--fdr", max(RATES), "--scores", *flags, *(["--force"] if self.o.again else []))
        stage = next(s for s in json.loads((out / "run.json").read_text())["stages"] if s["name"] == "anomaly")
        return out / "anomaly", stage["seconds"]

    def draw(self, folder, counts):
        """Counts drawn from the fitted model, one draw of each cell's posterior."""
        self.run("posterior", "predictive", "--outdir", folder, "--n-samples", 1, "--seed", 17)
        t = pd.read_parquet(folder / "posterior/predictive/counts.parquet")
        return np.asarray(sp.csr_matrix((t["count"], (t["cell"], t["gene"])), shape=counts.shape).todense()).astype(counts.dtype)


def found_of(folder, shape):
    """The q-value of each count, 1 where it was not reported."""
    a = pd.read_parquet(folder / "anomalies.parquet")
    q = np.ones(shape)
    q[a["cell_id"].str[4:].astype(int), a["gene_id"].str[4:].astype(int)] = a["q"]
    return q


def measure(folder, counts, changed):
    """Areas under the ROC curve, and at each rate what was found and how much of it was not planted."""
    scores = pd.read_parquet(folder / "scores.parquet").to_numpy()
    q, seen = found_of(folder, counts.shape), counts > 0
    row = {"expressed": roc_auc_score(changed[seen], scores[seen]), "all": roc_auc_score(changed.ravel(), scores.ravel())}
    for rate in RATES:
        at = q <= rate
        row[rate] = (int(at.sum()), int((at & ~changed).sum()))
    return row


def coverage(folder):
    """Of held-out cells' counts the share in the 90% interval, and where 1 or more were expected."""
    t = pd.read_parquet(folder / "calibration.parquet")
    t = t[t["part"] == "validation"]
    by = t[t["expected_from"] >= 1]
    whole = t[t["expected_from"].isna()].iloc[0]
    return whole["coverage"], (by["coverage"] * by["tests"]).sum() / by["tests"].sum(), whole["coverage_closed"]


def number(found, false):
    return f"{found}, {100 * false / found:.1f}%" if found else "0"


def compare(cellvi, o, counts, clean, simulated):
    """Rows of each table: what is measured of every way to plant, model and seed, summed over seeds."""
    rows, off = [], []
    encoder = ["--no-leave-out", "--refine", "none"]
    for source, base in [("drawn from the model", simulated), ("mouse_10k", counts)]:
        for way in o.ways:
            for trained, models in [("with what was planted", [[], encoder]), ("as they were", [[]])]:
                for flags in models:
                    sums, areas, changed_n, chosen_n, seconds = {r: [0, 0] for r in RATES}, [], 0, 0, 0
                    for seed in o.seeds:
                        planted, changed, chosen = plant(base, way, seed)
                        out = cellvi.fit(planted, f"{source.split()[0]}-{way}-{seed}")
                        folder, s = cellvi.judge(out, *flags, model=clean if trained == "as they were" else None)
                        m = measure(folder, planted, changed)
                        areas.append((m["expressed"], m["all"]))
                        changed_n, chosen_n, seconds = changed_n + changed.sum(), chosen_n + chosen, seconds + s
                        for r in RATES:
                            sums[r] = [a + b for a, b in zip(sums[r], m[r])]
                    if source != "mouse_10k" and not flags:
                        off += [(way, trained, r, f / n - r) for r, (n, f) in sums.items() if n >= FEW and f / n - r > 0.02]
                    area = np.mean(areas, axis=0)
                    rows.append([source, way, trained, "the encoder's, no count left out" if flags else "fitted, left out", str(chosen_n), str(changed_n),
                                 f"{area[0]:.3f}", f"{area[1]:.3f}", *[number(*sums[r]) for r in RATES], f"{seconds / len(o.seeds):.0f}"])
                    print(" | ".join(rows[-1]), flush=True)
    return rows, off


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seeds", default="0", type=lambda s: [int(x) for x in s.split(",")])
    p.add_argument("--ways", default=",".join(WAYS), type=lambda s: s.split(","), help="ways to plant")
    p.add_argument("--epochs", type=int, default=100)
    p.add_argument("--warmup", type=int, default=50, help="epochs of KL warm-up")
    p.add_argument("--threads", type=int)
    p.add_argument("--binary", type=Path, default=ROOT / "bin/cellvi")
    p.add_argument("--date", default=datetime.date.today().isoformat())
    p.add_argument("--out", type=Path)
    p.add_argument("--again", action="store_true")
    o = p.parse_args()
    shared = Path(os.environ.get("CELLVI_SHARED", ROOT.parent / "shared"))
    counts = np.asarray(ad.read_h5ad(shared / "data/mouse_10k.h5ad").X.todense()).astype(np.int64)
    cellvi = Cellvi(o.binary, o)
    clean = cellvi.fit(counts, "clean")
    rows, off = compare(cellvi, o, counts, clean, cellvi.draw(clean, counts))
    covered = []
    for name, flags in [("left out, full (default)", []), ("left out, diag", ["--refine", "diag"]), ("not left out, full", ["--no-leave-out"]),
                        ("not left out, the encoder's", ["--no-leave-out", "--refine", "none"])]:
        folder, seconds = cellvi.judge(clean, *flags)
        found = [int((found_of(folder, counts.shape) <= r).sum()) for r in RATES]
        covered.append([name, *[f"{100 * x:.2f}%" for x in coverage(folder)], *map(str, found), f"{seconds:.0f}"])
        print(" | ".join(covered[-1]), flush=True)
    inside = 88 <= float(covered[0][1][:-1]) <= 92 and 88 <= float(covered[0][2][:-1]) <= 92
    page(o, cellvi, covered, rows, off, inside)
    sys.exit(0 if inside and not off else 1)


def page(o, cellvi, covered, rows, off, inside):
    text = f"""# Planted counts, {o.date}

cellvi {cellvi.version} (SHA-256 {cellvi.hash[:12]}) on {machine()}. Made by `bench/anomaly.py --seeds {','.join(map(str, o.seeds))}
--epochs {o.epochs} --warmup {o.warmup}`.

mouse_10k, 10,000 cells × 1,000 genes, nb, {o.epochs} epochs, KL warm-up of {o.warmup}. All 10 million counts are tested, zeros too; 32
draws, 5 folds. Targets: 90% intervals hold 88 to 92% of held-out counts: **{'met' if inside else 'missed'}**. The false discovery rate is
at most 2 points above what was asked for, on counts of which the truth is known: **{'met' if not off else 'missed: ' + str(off)}**.

## Intervals

Of the counts of the 1,000 validation cells, which the model was not trained on, the share whose randomized P(X ≤ x) lies
between 5% and 95%; the same of counts of which 1 or more were expected; and the share in the closed interval of whole counts, which must hold more than
90%: zero alone often has more than 95%. Found: what `anomaly` reports of the counts as they are.

{table(["posterior", "coverage", "1 or more expected", "closed interval", *[f"found at {r:.0%}" for r in RATES], "seconds"], covered)}

## Planted

1% of the entries above zero were replaced:

{chr(10).join(f"- `{k}`: by {v}" for k, v in WAYS.items())}

"Changed" are those that have another count now. The areas under the ROC curve are those of p (mid-p, two-sided), changed
against unchanged: among the entries that are above zero after planting, and among all. Found: at each rate how many counts are
reported, over all seeds, and the share of them that was not planted. In mouse_10k some of these are true anomalies of the data; in counts
drawn from the model there are none.

{table(["counts", "planted", "model trained on the counts", "posterior", "replaced", "changed", "area, expressed", "area, all", *[f"{r:.0%}: found, not planted" for r in RATES], "seconds"], rows)}
"""
    out = o.out or ROOT / f"bench/results/anomaly-{o.date}.md"
    out.write_text(text)
    print(out)


if __name__ == "__main__":
    main()
