"""Snakemake wrapper for cellvi check."""

__author__ = "The cellvi authors"
__copyright__ = "Copyright 2026, the cellvi authors"
__license__ = "Apache-2.0"

from os import path
from shlex import quote
from shutil import move
from tempfile import TemporaryDirectory

from snakemake.shell import shell

extra = snakemake.params.get("extra", "")
log = snakemake.log_fmt_shell(stdout=True, stderr=True)

inputs = " ".join(
    f"--{name} {quote(snakemake.input[name])}"
    for name in ("store", "prepared", "model", "history", "cells")
    if name in snakemake.input.keys()
)

made = {"check": "check.json", "checked": "check.parquet", "record": "run.json"}
keep = [(made[name], file) for name, file in snakemake.output.items()]

# Beside the outputs, so that they take their places by renaming.
folder = path.dirname(path.abspath(snakemake.output[0]))
with TemporaryDirectory(prefix=".cellvi-", dir=folder) as outdir:
    shell(
        "cellvi check"
        " --threads {snakemake.threads}"
        " {inputs}"
        " --outdir {outdir:q}"
        " {extra}"
        " {log}"
    )
    for name, file in keep:
        move(path.join(outdir, name), file)
