"""Training time of each part of the model relative to nb.

Runs BenchmarkFamily of package model (4,096 cells × 2,000 genes, 15% nonzero, 6 batches), which trains every variant in
alternation with nb, epoch by epoch, so that a change of the machine's speed meets both. A variant's ratio is the median
over its epochs; that is done several times, and the median of these is held to the target.

usage: python3 bench/family.py [--date D] [--rounds 5] [--seconds 4]
"""
import argparse
import datetime
import re
import statistics
import subprocess
import tempfile
from pathlib import Path

from page import machine, table

ROOT = Path(__file__).resolve().parent.parent
TARGETS = {"zinb": 1.8, "categorical-covariate": 1.05, "two-layers": 1.4, "gene-batch": 1.1}


def one_round(binary, seconds):
    """Of each variant: time relative to nb's, and cells a second."""
    text = subprocess.run([binary, "-test.run", "^$", "-test.bench", "BenchmarkFamily", "-test.benchtime", f"{seconds}s"],
                          check=True, capture_output=True, text=True, cwd=ROOT / "model").stdout
    lines = re.findall(r"^BenchmarkFamily/(\S+?)(?:-\d+)?\s+\d+\s+(.*)$", text, re.M)
    figure = lambda line, unit: float(re.search(r"([\d.]+) " + re.escape(unit), line).group(1))
    return {name: (figure(line, "times-nb"), figure(line, "cells/s")) for name, line in lines}


def rounds(binary, n, seconds):
    out = []
    for i in range(n):
        out.append(one_round(binary, seconds))
        print(f"round {i + 1} of {n}: zinb {out[-1]['zinb'][0]:.2f}", flush=True)
    return out


def page(date, measured, seconds):
    rows = []
    for name in measured[0]:
        ratios, target = [r[name][0] for r in measured], TARGETS.get(name)
        middle = statistics.median(ratios)
        rows.append([name, f"{statistics.median(r[name][1] for r in measured):,.0f}", f"{middle:.3f}", f"{min(ratios):.3f}–{max(ratios):.3f}",
                     f"{target}" if target else "–", "–" if not target else "met" if middle <= target else "missed"])
    head = ["variant", "cells/s", "time, times nb's", "range over rounds", "target", ""]
    return "\n".join([
        f"# Training time of the family, {date}", "",
        "4,096 cells × 2,000 genes, 15% of counts nonzero, 6 batches, 128 hidden units, 2 threads, float32. Every variant trains in",
        f"alternation with nb, epoch by epoch, for {seconds:g} s a round; a round's ratio is the median over its epochs, and the figure the",
        f"median of {len(measured)} rounds. The row nb is nb beside itself. {machine()}. Made by `make bench-family`.", "",
        table(head, rows), ""])


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--date", default=datetime.date.today().isoformat())
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=4)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as tmp:
        binary = f"{tmp}/model.test"
        subprocess.run(["go", "test", "-c", "-o", binary, "./model"], check=True, cwd=ROOT)
        measured = rounds(binary, a.rounds, a.seconds)
    out = ROOT / "bench/results" / f"family-{a.date}.md"
    out.write_text(page(a.date, measured, a.seconds))
    print(out.read_text())
