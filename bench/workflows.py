"""Holds what the workflow engines made to what `cellvi run` made.

usage: workflows.py FOLDER SECONDS [PAGE]

FOLDER holds nextflow.json and snakemake.json, which scripts/test-nextflow.sh and
scripts/test-snakemake.sh write: for each version of an engine the SHA-256 of every
promised output, of the whole and of the scattered workflow. PAGE is written in Markdown.
Any difference is an error.
"""

import datetime
import json
import pathlib
import sys

from page import machine


def read(folder):
    return [json.loads((folder / f"{name}.json").read_text()) for name in ("nextflow", "snakemake")]


def runs(engines):
    """Every set of sums, by what made it, with its seconds."""
    for engine in engines:
        yield f"cellvi run, for {engine['engine']}", engine["command"], None
        for version in engine["versions"]:
            for how in ("run", "scattered"):
                name = "one process" if how == "run" else "scattered"
                yield f"{engine['engine']} {version['version']}, {name}", version[how], version["seconds"][how]


def compare(made):
    """The first sums, which all others must have."""
    (first, want, _), *others = made
    for name, sums, _ in others:
        for path in sorted(want.keys() | sums.keys()):
            if want.get(path) != sums.get(path):
                sys.exit(f"workflows: {path} of {name} is {sums.get(path)}, of {first} {want.get(path)}")
    return want


def write(path, data, made, sums, seconds):
    lines = [
        f"# Workflow engines, {datetime.date.today()}",
        "",
        "The same cells through `cellvi run`, and through the workflows of `workflows/` in real engines, as one process and",
        "scattered (ingest by file, embed and reconstruct in parts, gather). Every output has the same bytes.",
        f"Made by `make test-workflows RESULTS=bench/results`. Input: {data}, a cells store for each patient.",
        "",
        machine(),
        "",
        "| what ran | seconds | outputs compared | different |",
        "|---|---|---|---|",
    ]
    for name, of, took in made:
        lines.append(f"| {name} | {'–' if took is None else took} | {len(of)} | 0 |")
    lines += ["", "| output | SHA-256 |", "|---|---|"]
    lines += [f"| {name} | {digest[:16]}… |" for name, digest in sorted(sums.items())]
    lines += ["", f"The whole test, installations included: {seconds} s."]
    pathlib.Path(path).write_text("\n".join(lines) + "\n")


def main():
    folder, seconds, *page = sys.argv[1:]
    engines = read(pathlib.Path(folder))
    made = list(runs(engines))
    sums = compare(made)
    print(f"workflows: passed: {len(made)} runs, {len(sums)} outputs each, all of the same bytes ({seconds} s)")
    if page:
        write(page[0], engines[0]["input"], made, sums, seconds)


if __name__ == "__main__":
    main()
