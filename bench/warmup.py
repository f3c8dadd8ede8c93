#!/usr/bin/env python3
"""How long the KL warm-up should be: held-out ELBO, importance-weighted bound and scIB scores by its share of the epochs.

usage: CELLVI_BENCH_PYTHON bench/warmup.py [--data mixology,kang,mouse] [--shares 0,0.1,0.25,0.5,0.75,1] [--seeds 0,1,2] [--threads N] [--no-score]

Needs what `make quality` needs. Writes bench/results/warmup-DATE.md and prints it.
"""
import argparse
import datetime
import os
import sys
from pathlib import Path

from fits import ALL, DRAWS, ROOT, Fits, spread
from page import machine, mean, table

REFERENCE = 400  # epochs of scvi-tools' warm-up


def warmup(share, epochs):
    """Epochs of the warm-up; 0 is none."""
    return 0 if share == 0 else max(1, round(share * epochs))


def rows(name, by_length, epochs):
    """A row for each warm-up, its figures beside the reference's warm-up, seed by seed."""
    out, base = [], by_length[REFERENCE]
    for length, fits in by_length.items():
        share = "scvi-tools' default" if length == REFERENCE else "none" if length == 0 else f"{length / epochs:.0%} of the epochs"
        gain = lambda of: "–" if length == REFERENCE else spread((of(f) - of(b) for f, b in zip(fits, base)), 2)
        score = lambda n: spread((f.scores[n] for f in fits), 3) if fits[0].scores else "–"
        less = "–" if length == REFERENCE or not fits[0].scores else spread((f.scores["overall"] - b.scores["overall"] for f, b in zip(fits, base)), 3)
        out.append([name, f"{length} ({share})", f"{fits[0].kl_weight:.3g}", f"{mean(f.elbo for f in fits):.2f}", gain(lambda f: f.elbo),
                    f"{mean(f.bound for f in fits):.2f}", gain(lambda f: f.bound), score("overall"), less, score("nmi"), score("asw_batch"), score("ilisi")])
    return out


HEAD = ["data", "warm-up, epochs", "KL weight at the end", "ELBO", "against 400", f"IW{DRAWS}", "against 400", "scIB overall", "against 400",
        "nmi", "asw_batch", "ilisi"]


def page(o, fits, lines):
    return f"""# Length of the KL warm-up, {o.date}

cellvi {fits.version} (SHA-256 {fits.hash[:12]}) on {machine()}. Seeds {o.seeds}; mixology is trained for 100 epochs, kang and mouse for 50.
Made by `bench/warmup.py`. ELBO (at KL weight 1, whatever the training ended with) and importance-weighted bound are nats per held-out
cell over {DRAWS} draws: higher is better, and so are the scIB scores. "Against 400" is the difference from the reference's
warm-up on the same cells with the same seed, mean (and range over the seeds). mouse has neither batches nor labels: no scores.

{table(HEAD, lines)}
"""


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cellvi", type=Path, default=ROOT / "bin/cellvi")
    p.add_argument("--shared", type=Path, default=os.environ.get("CELLVI_SHARED", ROOT.parent / "shared"))
    p.add_argument("--data", default="mixology,kang,mouse")
    p.add_argument("--shares", default="0,0.1,0.25,0.5,0.75,1")
    p.add_argument("--seeds", default="0,1,2")
    p.add_argument("--threads", type=int, default=0, help="0: cellvi's default")
    p.add_argument("--no-score", action="store_true", help="no scIB scores, which take longer than the fits")
    p.add_argument("--date", default=datetime.date.today().isoformat())
    p.add_argument("--out", type=Path, help="instead of bench/results/warmup-DATE.md")
    return p.parse_args()


def main():
    o = arguments()
    fits, lines = Fits(o.cellvi, o.shared, o.threads, not o.no_score), []
    for name in o.data.split(","):
        data, by_length = ALL[name], {}
        for length in [REFERENCE] + [warmup(float(s), data.epochs) for s in o.shares.split(",")]:
            for seed in map(int, o.seeds.split(",")):
                f = fits.figures(data, seed, data.epochs, ["--n-epochs-kl-warmup", length])
                by_length.setdefault(length, []).append(f)
                print(f"{name}, warm-up {length}, seed {seed}: ELBO {f.elbo:.2f}, IW {f.bound:.2f}, scIB {f.scores.get('overall')}", file=sys.stderr, flush=True)
        lines += rows(name, by_length, data.epochs)
    out = o.out or ROOT / f"bench/results/warmup-{o.date}.md"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page(o, fits, lines))
    print(out.read_text())


if __name__ == "__main__":
    main()
