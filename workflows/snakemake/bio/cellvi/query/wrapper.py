"""Snakemake wrapper for cellvi query."""

__author__ = "The cellvi authors"
__copyright__ = "Copyright 2026, the cellvi authors"
__license__ = "Apache-2.0"

from contextlib import suppress
from os import path, rmdir
from shutil import move
from tempfile import TemporaryDirectory

from snakemake.shell import shell

extra = snakemake.params.get("extra", "")
# A retry adds to the log: why the try before it failed stays there.
log = snakemake.log_fmt_shell(stdout=True, stderr=True, append=True)

counts = snakemake.input.counts
counts = [counts] if isinstance(counts, str) else counts

# No output, so Snakemake leaves it alone when a job fails, and a retry goes on from it.
checkpoint = snakemake.params.get(
    "checkpoint_dir", f"{snakemake.output.latent}.checkpoint"
)

made = {
    "latent": "latent.parquet",
    "model": "model",
    "store": "store",
    "prepared": "prepared",
    "history": "history.parquet",
    "genes": "genes.parquet",
    "record": "run.json",
}
keep = [(made[name], file) for name, file in snakemake.output.items()]

# Beside the outputs, so that they take their places by renaming.
folder = path.dirname(path.abspath(snakemake.output.latent))
with TemporaryDirectory(prefix=".cellvi-", dir=folder) as outdir:
    shell(
        "cellvi query {snakemake.input.model:q} {counts:q}"
        " --threads {snakemake.threads}"
        " --outdir {outdir:q}"
        " --checkpoint-dir {checkpoint:q}"
        " {extra}"
        " {log}"
    )
    for name, file in keep:
        move(path.join(outdir, name), file)

with suppress(OSError):
    rmdir(checkpoint)
