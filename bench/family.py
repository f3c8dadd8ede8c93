"""Training time of each part of the model relative to nb, in alternation.

Runs BenchmarkFamily of package model (4,096 cells × 2,000 genes, 15% nonzero, 6 batches) round by round: every round
trains an epoch or more of every variant, so that a change of the machine's speed meets all alike. The ratio is that of a
variant's time to nb's in the same round; the median over rounds is held to the target.

usage: python3 bench/family.py [--date D] [--rounds 9] [--seconds 1]
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
    """Nanoseconds an epoch of each variant."""
    text = subprocess.run([binary, "-test.run", "^$", "-test.bench", "BenchmarkFamily", "-test.benchtime", f"{seconds}s"],
                          check=True, capture_output=True, text=True, cwd=ROOT / "model").stdout
    found = re.findall(r"^BenchmarkFamily/(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op", text, re.M)
    return {name: float(ns) for name, ns in found}


def rounds(binary, n, seconds):
    out = []
    for i in range(n):
        out.append(one_round(binary, seconds))
        print(f"round {i + 1} of {n}: nb {4096 / out[-1]['nb'] * 1e9:,.0f} cells/s", flush=True)
    return out


def page(date, measured, seconds):
    rows = []
    for name in measured[0]:
        ratios = [r[name] / r["nb"] for r in measured]
        middle, target = statistics.median(ratios), TARGETS.get(name)
        rows.append([name, f"{statistics.median(4096 / r[name] * 1e9 for r in measured):,.0f}", f"{middle:.3f}",
                     f"{min(ratios):.3f}–{max(ratios):.3f}", f"{target}" if target else "–",
                     "–" if not target else "met" if middle <= target else "missed"])
    head = ["variant", "cells/s", "time, times nb's", "range over rounds", "target", ""]
    return "\n".join([
        f"# Training time of the family, {date}", "",
        f"4,096 cells × 2,000 genes, 15% of counts nonzero, 6 batches, 128 hidden units, 2 threads, float32; {len(measured)} rounds in "
        f"alternation, at least {seconds} s of each variant a round; median over rounds. {machine()}. Made by `make bench-family`.", "",
        table(head, rows), ""])


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--date", default=datetime.date.today().isoformat())
    p.add_argument("--rounds", type=int, default=9)
    p.add_argument("--seconds", type=float, default=1)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as tmp:
        binary = f"{tmp}/model.test"
        subprocess.run(["go", "test", "-c", "-o", binary, "./model"], check=True, cwd=ROOT)
        measured = rounds(binary, a.rounds, a.seconds)
    out = ROOT / "bench/results" / f"family-{a.date}.md"
    out.write_text(page(a.date, measured, a.seconds))
    print(out.read_text())
