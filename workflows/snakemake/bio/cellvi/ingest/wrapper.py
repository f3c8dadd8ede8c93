"""Snakemake wrapper for cellvi ingest."""

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

counts = snakemake.input.counts
counts = [counts] if isinstance(counts, str) else counts
inputs = " ".join(f"--input {quote(f)}" for f in counts)
for name in ("obs", "var"):
    if name in snakemake.input.keys():
        inputs += f" --{name} {quote(snakemake.input[name])}"

made = {"store": "store", "record": "run.json"}
keep = [(made[name], file) for name, file in snakemake.output.items()]

# Beside the outputs, so that they take their places by renaming.
folder = path.dirname(path.abspath(snakemake.output.store))
with TemporaryDirectory(prefix=".cellvi-", dir=folder) as outdir:
    shell(
        "cellvi ingest"
        " --threads {snakemake.threads}"
        " {inputs}"
        " --outdir {outdir:q}"
        " {extra}"
        " {log}"
    )
    for name, file in keep:
        move(path.join(outdir, name), file)
