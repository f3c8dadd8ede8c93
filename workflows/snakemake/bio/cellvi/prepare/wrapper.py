"""Snakemake wrapper for cellvi prepare."""

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

inputs = f"--store {quote(snakemake.input.store)}"
for name in ("genes", "split"):
    if name in snakemake.input.keys():
        inputs += f" --{name} {quote(snakemake.input[name])}"

made = {"prepared": "prepared", "record": "run.json"}
keep = [(made[name], file) for name, file in snakemake.output.items()]

# Beside the outputs, so that they take their places by renaming.
folder = path.dirname(path.abspath(snakemake.output.prepared))
with TemporaryDirectory(prefix=".cellvi-", dir=folder) as outdir:
    shell(
        "cellvi prepare"
        " --threads {snakemake.threads}"
        " {inputs}"
        " --outdir {outdir:q}"
        " {extra}"
        " {log}"
    )
    for name, file in keep:
        move(path.join(outdir, name), file)
