"""Snakemake wrapper for cellvi run."""

__author__ = "The cellvi authors"
__copyright__ = "Copyright 2026, the cellvi authors"
__license__ = "Apache-2.0"

from contextlib import suppress
from os import path, rmdir
from shlex import quote
from shutil import move
from tempfile import TemporaryDirectory

from snakemake.shell import shell

extra = snakemake.params.get("extra", "")
# A retry adds to the log: why the try before it failed stays there.
log = snakemake.log_fmt_shell(stdout=True, stderr=True, append=True)

counts = snakemake.input.counts
counts = [counts] if isinstance(counts, str) else counts
inputs = " ".join(f"--input {quote(f)}" for f in counts)
for name in ("obs", "var", "genes", "split"):
    if name in snakemake.input.keys():
        inputs += f" --{name} {quote(snakemake.input[name])}"
if "reconstruction" not in snakemake.output.keys():
    inputs += " --no-reconstruct"
if {"check", "checked"} & set(snakemake.output.keys()):
    inputs += " --check"

# No output, so Snakemake leaves it alone when a job fails, and a retry goes on from it.
checkpoint = snakemake.params.get(
    "checkpoint_dir", f"{snakemake.output.latent}.checkpoint"
)

made = {
    "latent": "latent.parquet",
    "refined": "refined.parquet",
    "reconstruction": "reconstruction",
    "model": "model",
    "history": "history.parquet",
    "genes": "genes.parquet",
    "check": "check.json",
    "checked": "check.parquet",
    "report": "report.html",
    "multiqc": "cellvi_mqc.json",
    "multiqc_table": "cellvi_table_mqc.json",
    "record": "run.json",
    "store": "store",
    "prepared": "prepared",
    "h5ad": "latent.h5ad",
}
keep = [(made[name], file) for name, file in snakemake.output.items()]

# Beside the outputs, so that they take their places by renaming.
folder = path.dirname(path.abspath(snakemake.output.latent))
with TemporaryDirectory(prefix=".cellvi-", dir=folder) as outdir:
    if "h5ad" in snakemake.output.keys():
        inputs += f" --write-h5ad {quote(path.join(outdir, made['h5ad']))}"
    shell(
        "cellvi run"
        " --threads {snakemake.threads}"
        " {inputs}"
        " --outdir {outdir:q}"
        " --checkpoint-dir {checkpoint:q}"
        " {extra}"
        " {log}"
    )
    for name, file in keep:
        move(path.join(outdir, name), file)

with suppress(OSError):
    rmdir(checkpoint)
