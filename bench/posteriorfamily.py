#!/usr/bin/env python3
"""What a richer posterior of the encoder buys (cellvi run --posterior diag|full|flow): bounds of held-out cells, scIB scores, time.

usage: posteriorfamily.py [--data kang,mixology] [--families diag,full,flow] [--seeds 0,1,2] [--draws 256] [--threads N]
                          [--cellvi FILE] [--date YYYY-MM-DD] [--out FILE]
needs: the Python of bench/quality.py (pandas, anndata, pyarrow, scib-metrics)

Every family trains with the same seed, split and epochs, the families of a seed one after the other. The ELBO is the mean over --draws
draws, log p(x) the importance-weighted bound of as many (cellvi posterior elbo marginal-ll), both of validation cells alone; the
effective draws say how far the latter is from exact. Writes bench/results/posteriorfamily-DATE.md and prints it. Runs and scores are
kept in bench/.cache, so that an interrupted comparison goes on; a run is made again where the program has changed.
"""
import argparse
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

from page import machine, mean, table
from quality import CACHE, DATA, ROOT, Reference, sha256

WARM_UP = {"mixology": 25, "kang": 12}  # a quarter of the epochs: the KL weight is 1 for the rest
MEASURES = ["elbo", "kl", "marginal", "effective", "overall", "seconds"]


def train(o, data, family, seed, out):
    """One run of the program, to the latent."""
    command = [o.cellvi, "run", "--input", o.reference.counts(data), "--outdir", out, "--batch-key", data.batch, "--labels-key", data.label,
               "--no-reconstruct", "--max-epochs", data.epochs, "--n-epochs-kl-warmup", WARM_UP[data.name], "--seed", seed,
               "--posterior", family, *threads(o)]
    call(command)


def weigh(o, out):
    """ELBO and log p(x) of the validation cells, to out/posterior."""
    cells, held = pd.read_parquet(out / "prepared/cells.parquet"), out / "validation.txt"
    names = cells.index if cells.index.name == "cell_id" else cells["cell_id"]
    held.write_text("\n".join(names[(cells["split"] == "validation").to_numpy()]) + "\n")
    call([o.cellvi, "posterior", "elbo", "marginal-ll", "--outdir", out, "--cells", held, "--n-samples", o.draws, *threads(o)])


def threads(o):
    return ["--threads", o.threads] if o.threads else []


def call(command):
    print(*command, file=sys.stderr)
    subprocess.run([str(c) for c in command], check=True, stderr=subprocess.DEVNULL)


def result(o, data, family, seed):
    out = CACHE / f"posteriorfamily-{data.name}-{family}-{seed}-{o.draws}-{sha256(o.cellvi)[:16]}"
    out.mkdir(parents=True, exist_ok=True)
    train(o, data, family, seed, out)
    weigh(o, out)
    stage = next(s for s in json.loads((out / "run.json").read_text())["stages"] if s["name"] == "train")
    bounds, marginal = (pd.read_parquet(out / "posterior" / f"{name}.parquet") for name in ("elbo", "marginal-ll"))
    return {"elbo": bounds["elbo"].mean(), "kl": bounds["kl_z"].mean(), "marginal": marginal["marginal_ll"].mean(),
            "effective": marginal["effective_draws"].median(), "seconds": stage["seconds"],
            "overall": o.reference.score(data, out / "latent.parquet")["overall"]}


def row(name, family, seed, r):
    return [name, family, seed, f"{r['elbo']:.2f}", f"{r['marginal']:.2f}", f"{r['kl']:.2f}", f"{r['effective']:.1f}",
            f"{r['overall']:.3f}", f"{r['seconds']:.1f}"]


def rows(results):
    """A row a run, and the mean over the seeds with its difference from diag's."""
    out = []
    for (name, family), by_seed in results.items():
        out += [row(name, family, str(seed), r) for seed, r in by_seed.items()]
    for (name, family), by_seed in results.items():
        line = row(f"**{name}**", f"**{family}**", "mean", {k: mean(r[k] for r in by_seed.values()) for k in MEASURES})
        base = results.get((name, "diag"))
        if base and family != "diag":
            for at, key in ((3, "elbo"), (4, "marginal"), (7, "overall")):
                differences = [r[key] - base[seed][key] for seed, r in by_seed.items()]
                line[at] += f" ({mean(differences):+.{3 if at == 7 else 2}f}; {min(differences):+.{3 if at == 7 else 2}f} … {max(differences):+.{3 if at == 7 else 2}f})"
            line[8] += f" (×{mean(r['seconds'] / base[seed]['seconds'] for seed, r in by_seed.items()):.2f})"
        out.append(line)
    return out


def page(o, results):
    version = subprocess.run([o.cellvi, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    head = ["data", "posterior", "seed", "ELBO", f"IW bound, {o.draws} draws", "KL", "effective draws, median", "scIB overall", "training, s"]
    epochs = ", ".join(f"{name} {DATA[name].epochs} epochs with a KL warm-up of {WARM_UP[name]}" for name in o.data.split(","))
    return f"""# The encoder's posterior: diag, full and flow, {o.date}

{version} (SHA-256 {sha256(o.cellvi)[:12]}) on {machine()}, {f"{o.threads} threads" if o.threads else "its default number of threads"}.
Made by `bench/posteriorfamily.py`: {epochs}; otherwise defaults. Seconds with whatever else ran.

Nats per validation cell, higher is better; in brackets the mean of the differences from diag of the same seed, and their range. The
two bounds are of the same cells and draws. Where few of the draws are effective the IW bound is loose, and more so
for the family with fewer.

{table(head, rows(results))}
"""


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cellvi", type=Path, default=ROOT / "bin/cellvi")
    p.add_argument("--shared", type=Path, default=os.environ.get("CELLVI_SHARED", ROOT.parent / "shared"))
    p.add_argument("--data", default="mixology,kang", help="which of " + ", ".join(DATA))
    p.add_argument("--families", default="diag,full,flow")
    p.add_argument("--seeds", default="0,1,2")
    p.add_argument("--draws", type=int, default=256)
    p.add_argument("--threads", type=int, default=0, help="0: cellvi's default")
    p.add_argument("--date", default=datetime.date.today().isoformat())
    p.add_argument("--out", type=Path, help="instead of bench/results/posteriorfamily-DATE.md")
    return p.parse_args()


def main():
    o = arguments()
    o.cellvi, o.reference = o.cellvi.resolve(), Reference(o.shared.resolve())
    results = {(name, family): {} for name in o.data.split(",") for family in o.families.split(",")}
    for name in o.data.split(","):
        for seed in map(int, o.seeds.split(",")):
            for family in o.families.split(","):
                r = results[name, family][seed] = result(o, DATA[name], family, seed)
                print(*row(name, family, str(seed), r), file=sys.stderr, flush=True)
    out = o.out or ROOT / f"bench/results/posteriorfamily-{o.date}.md"
    out.parent.mkdir(parents=True, exist_ok=True)
    text = page(o, results)
    out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
