#!/usr/bin/env python3
"""What training by other objectives than the ELBO buys on held-out cells, and what it costs in time.

usage: CELLVI_BENCH_PYTHON bench/objectives.py [--data mixology,kang] [--seeds 0,1,2] [--threads 1] [--fits NAME,...] [--no-score]

Needs what `make quality` needs. Writes bench/results/objectives-DATE.md and prints it. Fits by the ELBO for twice and four times the epochs are what
the slower objectives are to be held to: see the seconds.
"""
import argparse
import datetime
import os
import sys
from pathlib import Path

from fits import ALL, DRAWS, ROOT, Fits, spread
from page import machine, mean, table

AUTO = ["--n-epochs-kl-warmup", "auto"]
# Name: times the epochs of the data, flags.
FITS = {
    "ELBO, warm-up 400": (1, []),
    "ELBO": (1, AUTO),
    "ELBO, 2x epochs": (2, AUTO),
    "ELBO, 4x epochs": (4, AUTO),
    "iwae 5": (1, [*AUTO, "--iwae", 5]),
    "iwae 5, warm-up 400": (1, ["--iwae", 5]),
    "refine-steps 1": (1, [*AUTO, "--refine-steps", 1]),
    "refine-steps 2": (1, [*AUTO, "--refine-steps", 2]),
    "refine-steps 5": (1, [*AUTO, "--refine-steps", 5]),
    "refine-steps 5, warm-up 400": (1, ["--refine-steps", 5]),
}
HEAD = ["data", "objective", "epochs", "CPU s", "training s", "ELBO", f"IW{DRAWS}", "against ELBO's", f"IW{DRAWS}, posterior fitted to each cell", "against ELBO's",
        "scIB overall", "nmi", "asw_batch"]


def rows(data, by_name):
    out, base = [], by_name.get("ELBO")
    for name, fits in by_name.items():
        gain = lambda of: "–" if base is None or name == "ELBO" or of(fits[0]) is None else spread((of(f) - of(b) for f, b in zip(fits, base)), 2)
        score = lambda n: spread((f.scores[n] for f in fits), 3) if fits[0].scores else "–"
        out.append([data.name, name, str(data.epochs * FITS[name][0]), f"{mean(f.cpu_seconds for f in fits):.1f}", f"{mean(f.seconds for f in fits):.1f}",
                    f"{mean(f.elbo for f in fits):.2f}", f"{mean(f.bound for f in fits):.2f}", gain(lambda f: f.bound),
                    "–" if fits[0].refined is None else f"{mean(f.refined for f in fits):.2f}", gain(lambda f: f.refined),
                    score("overall"), score("nmi"), score("asw_batch")])
    return out


def page(o, fits, lines):
    return f"""# Objectives of training, {o.date}

cellvi {fits.version} (SHA-256 {fits.hash[:12]}) on {machine()}, {o.threads or "its default number of"} threads. Seeds {o.seeds}. Made by `bench/objectives.py`.
Warm-up of the KL weight: auto, but where 400 is named. ELBO and bounds are nats per held-out cell over {DRAWS} draws at KL weight 1: higher
is better. The first bound is by the encoder's posterior; the second by a full-covariance Gaussian fitted to each held-out cell
(`cellvi check --refine full`), nearly log p(x): it tells of the decoder alone. "Against ELBO's": the difference from the row ELBO on the
same cells with the same seed, mean (and range). CPU s are the processor's for the whole run, training s the clock's, with whatever else ran.

{table(HEAD, lines)}
"""


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cellvi", type=Path, default=ROOT / "bin/cellvi")
    p.add_argument("--check", type=Path, help="the program whose check is used, if not --cellvi")
    p.add_argument("--shared", type=Path, default=os.environ.get("CELLVI_SHARED", ROOT.parent / "shared"))
    p.add_argument("--data", default="mixology,kang")
    p.add_argument("--seeds", default="0,1,2")
    p.add_argument("--fits", help="by name, between semicolons; all are " + "; ".join(FITS))
    p.add_argument("--threads", type=int, default=1, help="0: cellvi's default")
    p.add_argument("--no-score", action="store_true", help="no scIB scores")
    p.add_argument("--date", default=datetime.date.today().isoformat())
    p.add_argument("--out", type=Path, help="instead of bench/results/objectives-DATE.md")
    return p.parse_args()


def main():
    o = arguments()
    fits, lines = Fits(o.cellvi, o.shared, o.threads, not o.no_score, o.check or o.cellvi), []
    for data in (ALL[n] for n in o.data.split(",")):
        by_name = {}
        for name in o.fits.split(";") if o.fits else FITS:
            times, flags = FITS[name]
            for seed in map(int, o.seeds.split(",")):
                f = fits.figures(data, seed, times * data.epochs, flags)
                by_name.setdefault(name, []).append(f)
                print(f"{data.name}, {name}, seed {seed}: {f.cpu_seconds:.1f} s, ELBO {f.elbo:.2f}, IW {f.bound:.2f}, refined {f.refined}, scIB {f.scores.get('overall')}",
                      file=sys.stderr, flush=True)
        lines += rows(data, by_name)
    out = o.out or ROOT / f"bench/results/objectives-{o.date}.md"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page(o, fits, lines))
    print(out.read_text())


if __name__ == "__main__":
    main()
